//! `failures push`: commits new records to git and pushes them.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result};
use publish::{Outcome, Publisher, Skipped};
use signal_hook::flag;

use crate::exit_code::ExitCode;
use crate::records::failures_dir;
use crate::screen::{Screen, report, visible};
use crate::signals::ENDING_SIGNALS;

#[derive(Debug, clap::Args)]
pub(crate) struct PushOptions {
    /// The remote, as a name or URL [default: the remote of the branch, or the only one].
    #[arg(long, value_name = "REMOTE")]
    remote: Option<String>,
    /// A separate branch for records only [default: the current branch].
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// Allow a value that only looks like a secret. NUMBER is the number in brackets that an earlier push printed. It
    /// is added to `.failures-allow` in the directory of the records; commit that file. Can be repeated.
    #[arg(long, value_name = "NUMBER")]
    allow: Vec<String>,
    /// The reason why the values are no secrets. It is added to `.failures-allow`.
    #[arg(long, value_name = "TEXT", requires = "allow", default_value = "")]
    because: String,
    /// Print what would be committed and pushed, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Maximum run time of each git command.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

/// A flag that is set by Ctrl-C. The terminal does not interrupt git, which runs in its own process group.
fn interrupted() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for &signal in ENDING_SIGNALS {
        flag::register(signal, Arc::clone(&interrupted)).context("cannot listen to signals")?;
    }
    Ok(interrupted)
}

pub(crate) fn run(options: &PushOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let mut publisher = Publisher::new(failures_dir(dir)?).timeout(options.timeout).stop_when(interrupted()?);
    if let Some(remote) = &options.remote {
        publisher = publisher.remote(remote);
    }
    if let Some(branch) = &options.branch {
        publisher = publisher.branch(branch);
    }
    for number in &options.allow {
        let list = publisher.allow(number, &options.because)?;
        writeln!(screen, "{number} is allowed from now on: see {}", visible(&list.display().to_string()))?;
    }
    let (all_well, text) = if options.dry_run {
        let plan = publisher.plan()?;
        (plan.work_tree.is_some() && plan.secrets.is_empty() && is_complete(&plan.skipped), plan.to_string())
    } else {
        let published = publisher.publish()?;
        let is_done = matches!(published.outcome, Outcome::Pushed | Outcome::NothingToDo);
        (is_done && published.secrets.is_empty() && is_complete(&published.skipped), published.to_string())
    };
    let written = writeln!(screen, "{}", visible(&text)).and_then(|()| screen.flush());
    match written {
        // The failure must not be lost with the closed output.
        Err(error) if !all_well => report(format_args!("failures: {text}\n{error}")),
        written => written?,
    }
    Ok(ExitCode::of_check(all_well))
}

/// Returns true if only copies of records are skipped.
fn is_complete(skipped: &[Skipped]) -> bool {
    skipped.iter().all(|skipped| skipped.copy_of.is_some())
}

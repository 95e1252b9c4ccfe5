//! `failures push`: the records into git, and to the remote.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use tracing_failure::{Outcome, Publisher, Skipped};

use crate::exit_code::ExitCode;
use crate::records::failures_dir;
use crate::screen::{Screen, report, visible};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The remote: a name or a URL; else the branch's own, or the only one.
    #[arg(long, value_name = "REMOTE")]
    remote: Option<String>,
    /// A branch of its own, that holds only failures; else the current branch.
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// Allow a value that looks like a secret and is none: the number in brackets that an earlier push has shown. It is added
    /// to `.failures-allow` beside the records; commit that file. Can be given several times.
    #[arg(long, value_name = "NUMBER")]
    allow: Vec<String>,
    /// Why the values are no secrets, for those who read `.failures-allow`.
    #[arg(long, value_name = "TEXT", requires = "allow", default_value = "")]
    because: String,
    /// Only say what would be committed and pushed.
    #[arg(long)]
    dry_run: bool,
    /// How long one call of git may take.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

/// Set by Ctrl-C. Git runs in a group of its own, which the terminal does not interrupt.
fn interrupted() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register(signal, Arc::clone(&interrupted)).context("cannot listen to signals")?;
    }
    Ok(interrupted)
}

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let mut publisher = Publisher::new(failures_dir(dir)?).timeout(options.timeout).stop_when(interrupted()?);
    if let Some(remote) = &options.remote {
        publisher = publisher.remote(remote);
    }
    if let Some(branch) = &options.branch {
        publisher = publisher.branch(branch);
    }
    for number in &options.allow {
        let list = publisher.allow(number, &options.because)?;
        writeln!(screen, "{number} is allowed from now on, by {}", visible(&list.display().to_string()))?;
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
        // Nobody reads what failed: it goes to where it may be read.
        Err(error) if !all_well => report(format_args!("failures: {text}\n{error}")),
        written => written?,
    }
    Ok(ExitCode::of_check(all_well))
}

/// Whether only copies of records are left out.
fn is_complete(skipped: &[Skipped]) -> bool {
    skipped.iter().all(|skipped| skipped.copy_of.is_some())
}

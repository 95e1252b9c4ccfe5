//! `failures suggest`: what a model makes of a failure.

mod all;
mod answer;
mod model;
mod options;
mod saving;

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use tracing_failure_advice::{Advice, Model};

use crate::exit_code::ExitCode;
use crate::records::{failures_dir, pick};
use crate::screen::{Screen, say, visible};
pub(crate) use options::Options;
use saving::{is_kept, save, unprinted, warn};

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let model = Model::new(&options.model.chosen()?)?;
    if let Some(warning) = model.warning() {
        say(format_args!("failures: {warning}"));
    }
    let failures = failures_dir(dir)?;
    let advisor = options.advisor(model, &failures);
    if options.all {
        return Ok(ExitCode::of_check(all::run(options, &advisor, &failures, screen)?));
    }
    let picked = pick(&options.failure, dir)?;
    if options.dry_run {
        writeln!(screen, "{}", visible(&advisor.dry_run(&picked.failure)?))?;
        screen.flush()?;
        return Ok(ExitCode::of_check(picked.is_sure));
    }
    let advice = advisor.advice(&picked.failure)?;
    warn(&advice);
    // Before anything is printed: whoever reads it may be gone.
    let saved = options.save.then(|| save(&picked, &advice)).transpose();
    let printed = print(&advice, advisor.model().name(), saved.as_ref().ok().and_then(Option::as_ref), screen);
    if let Err(error) = &printed {
        say(format_args!("failures: {}", unprinted(error, is_kept(&advice, &saved))));
    }
    saved?;
    Ok(ExitCode::of_check(printed.is_ok() && picked.is_sure))
}

fn print(advice: &Advice, asked_for: &str, saved: Option<&String>, screen: &mut Screen) -> Result<()> {
    answer::write(advice, asked_for, screen)?;
    saved.map_or(Ok(()), |saved| writeln!(screen, "{saved}"))?;
    Ok(screen.flush()?)
}

//! `failures suggest`: asks a language model about failures.

mod all;
mod answer;
mod model;
mod options;
mod saving;

use std::io::Write;
use std::path::Path;

use advice::{Advice, Model};
use anyhow::Result;

use crate::exit_code::ExitCode;
use crate::records::{failures_dir, open_record};
use crate::screen::{Screen, report, visible};
pub(crate) use options::SuggestOptions;
use saving::{is_stored, print_error_text, save_answer, warn_if_not_cached};

pub(crate) fn run(options: &SuggestOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let model = Model::new(&options.model.to_options()?)?;
    if let Some(warning) = model.warning() {
        report(format_args!("failures: {warning}"));
    }
    let failures = failures_dir(dir)?;
    let advisor = options.advisor(model, &failures);
    if options.all {
        return Ok(ExitCode::of_check(all::run(options, &advisor, &failures, screen)?));
    }
    let record = open_record(&options.failure, dir)?;
    if options.dry_run {
        writeln!(screen, "{}", visible(&advisor.dry_run(&record.failure)?))?;
        screen.flush()?;
        return Ok(ExitCode::of_check(record.is_certain));
    }
    let advice = advisor.advise(&record.failure)?;
    warn_if_not_cached(&advice);
    // The answer is saved first, because printing fails if the pipe is closed.
    let saved = options.save.then(|| save_answer(&record, &advice)).transpose();
    let printed = print(&advice, advisor.model().name(), saved.as_ref().ok().and_then(Option::as_ref), screen);
    if let Err(error) = &printed {
        report(format_args!("failures: {}", print_error_text(error, is_stored(&advice, &saved))));
    }
    saved?;
    Ok(ExitCode::of_check(printed.is_ok() && record.is_certain))
}

fn print(advice: &Advice, asked_for: &str, saved: Option<&String>, screen: &mut Screen) -> Result<()> {
    answer::write(advice, asked_for, screen)?;
    saved.map_or(Ok(()), |saved| writeln!(screen, "{saved}"))?;
    Ok(screen.flush()?)
}

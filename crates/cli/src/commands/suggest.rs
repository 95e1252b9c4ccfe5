//! `failures suggest`: what a model makes of a failure.

mod all;
mod answer;
mod model;

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use tracing_failure_advice::shared::Change;
use tracing_failure_advice::{Advice, Advisor, Amendment, Model};

use super::resolve::shown_as;
use crate::exit_code::ExitCode;
use crate::records::{Picked, Selection, failures_dir, pick};
use crate::screen::{Screen, count, in_words, say, shown, visible};
use crate::signals::Held;
use model::ModelOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// `latest`, `latest~2` for the second before it, the beginning or end of the id, or a file.
    #[arg(default_value = "latest", value_name = "ID|PATH")]
    failure: String,
    /// Ask about the newest failure of each group, the largest groups first.
    #[arg(long, conflicts_with = "failure")]
    all: bool,
    /// With --all, how many groups at most; 0 for all.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, requires = "all")]
    limit: usize,
    /// With --all, ask no more when so many tokens are used. Where the server does not count, they are estimated.
    #[arg(long, value_name = "TOKENS", requires = "all")]
    max_tokens: Option<u64>,
    /// Add the answer to the record, after what the rules say.
    #[arg(long)]
    save: bool,
    /// Ask again where there is an answer already.
    #[arg(long)]
    fresh: bool,
    /// Only show what would be sent; nothing is.
    #[arg(long, conflicts_with_all = ["all", "save", "fresh"])]
    dry_run: bool,
    /// Bytes that a question may have [default: 16000].
    #[arg(long, value_name = "BYTES")]
    budget: Option<usize>,
    /// Send secrets, home directories and the host's name as well. To a server on this machine that --base-url or
    /// FAILURES_BASE_URL names they are sent always.
    #[arg(long)]
    no_redact: bool,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    selection: Selection,
}

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

/// Whether the answer is somewhere, although nobody has read it.
fn is_kept(advice: &Advice, saved: &Result<Option<String>>) -> bool {
    advice.not_kept.is_none() || matches!(saved, Ok(Some(_)))
}

/// What is said of an answer that could not be printed.
fn unprinted(error: &anyhow::Error, is_kept: bool) -> String {
    let saved =
        if is_kept { "the answer is kept: the same command without --fresh shows it" } else { "the answer is lost" };
    format!("{}; {saved}", in_words(error))
}

fn print(advice: &Advice, asked_for: &str, saved: Option<&String>, screen: &mut Screen) -> Result<()> {
    answer::write(advice, asked_for, screen)?;
    saved.map_or(Ok(()), |saved| writeln!(screen, "{saved}"))?;
    Ok(screen.flush()?)
}

/// Reports an answer that will be paid for again.
fn warn(advice: &Advice) {
    if let Some(why) = &advice.not_kept {
        say(format_args!("failures: the answer is not kept for the next time: {why}"));
    }
}

impl Options {
    fn advisor(&self, model: Model, dir: &Path) -> Advisor {
        let mut advisor = Advisor::new(model).dir(dir).fresh(self.fresh);
        if let Some(budget) = self.budget {
            advisor = advisor.budget(budget);
        }
        if self.no_redact { advisor.redact(false) } else { advisor }
    }
}

/// Adds it to the record, if that is still there, and says so.
fn save(picked: &Picked, advice: &Advice) -> Result<String> {
    let amendment = Amendment { suggestions: advice.suggestions(), resolution: None };
    let signals = Held::hold()?;
    let change = Change::new(&picked.path, &amendment).of(&picked.failure).unless(signals.came());
    let amended = change.apply()?;
    drop(signals);
    // A path to `latest.json` does not name the record: a newer one may be there by now.
    let record = shown(&shown_as(&picked.path, amended.path));
    Ok(match amended.added {
        0 => format!("{record} has it already"),
        added => format!("{} added to {record}", count(added, "suggestion")),
    })
}

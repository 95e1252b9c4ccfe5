//! `failures suggest`: what a model makes of a failure.

mod all;
mod answer;
mod model;

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use tracing_failure_advice::{Advice, Advisor, Amendment, Model, amend};

use super::code;
use crate::DONE;
use crate::records::{Picked, Selection, failures_dir, pick};
use crate::screen::{Screen, count, shown, visible};
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
    /// With --all, ask no more when so many tokens are used.
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
    /// Send secrets, home directories and the host's name as well. To a server on this machine they are sent always.
    #[arg(long)]
    no_redact: bool,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    selection: Selection,
}

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<u8> {
    let model = Model::new(&options.model.chosen())?;
    let failures = failures_dir(dir)?;
    let advisor = options.advisor(model, &failures);
    if options.all {
        return Ok(code(all::run(options, &advisor, &failures, screen)?));
    }
    let picked = pick(&options.failure, dir)?;
    if options.dry_run {
        writeln!(screen, "{}", visible(&advisor.dry_run(&picked.failure)?))?;
        return Ok(DONE);
    }
    let advice = advisor.advice(&picked.failure)?;
    answer::write(&advice, advisor.model().name(), screen)?;
    screen.flush()?;
    if options.save {
        writeln!(screen, "{}", save(&picked, &advice)?)?;
    }
    Ok(DONE)
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

/// Adds it to the record, and says so.
fn save(picked: &Picked, advice: &Advice) -> Result<String> {
    let amendment = Amendment { suggestions: advice.suggestions(), resolution: None };
    Ok(match amend(&picked.path, &amendment)? {
        0 => format!("{} has it already", shown(&picked.path)),
        added => format!("{} added to {}", count(added, "suggestion"), shown(&picked.path)),
    })
}

//! `failures suggest`: what a model makes of a failure.

mod all;
mod answer;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use chrono::Utc;
use tracing_failure::Failure;

use super::code;
use crate::DONE;
use crate::advice::{Advice, Cache};
use crate::models::{Answer, Model, ModelOptions, Settings};
use crate::prompt::{BUDGET, Past, Question, hash};
use crate::records::{Amendment, Picked, Selection, amend, failures_dir, pick};
use crate::screen::{Screen, count, one_line, shown, visible};

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
    let asker = Asker::of(options, dir)?;
    if options.all {
        return Ok(code(all::run(options, &asker, screen)?));
    }
    let picked = pick(&options.failure, dir)?;
    if options.dry_run {
        let question = asker.model.request(&asker.question(&picked.failure)?);
        writeln!(screen, "{}", visible(&question.to_string()))?;
        return Ok(DONE);
    }
    let (advice, is_known) = asker.advice(&picked.failure)?;
    answer::write(&advice, is_known, asker.model.name(), screen)?;
    screen.flush()?;
    if options.save {
        writeln!(screen, "{}", save(&picked, &advice)?)?;
    }
    Ok(DONE)
}

/// A model, and what it is asked with.
struct Asker {
    model: Model,
    cache: Cache,
    dir: std::path::PathBuf,
    budget: usize,
    fresh: bool,
    redact: bool,
}

impl Asker {
    fn of(options: &Options, dir: Option<&Path>) -> Result<Self> {
        let settings: Settings = options.model.settings()?;
        let budget = options.budget.or(settings.budget.and_then(|budget| budget.try_into().ok())).unwrap_or(BUDGET);
        let dir = failures_dir(dir)?;
        let (model, cache) = (Model::new(settings), Cache::of(&dir));
        let redact = !options.no_redact && !model.is_local();
        Ok(Asker { model, cache, dir, budget, fresh: options.fresh, redact })
    }

    fn question(&self, failure: &Failure) -> Result<crate::models::Prompt> {
        let mut failure = failure.clone();
        // A record of another program has no diagnosis yet.
        failure.diagnose();
        let past = Past::of(&failure, &self.dir)?;
        Ok(Question { failure: &failure, past: &past, budget: self.budget, leaves: self.redact }.prompt())
    }

    /// What the model says of a failure, and whether it had said so before.
    fn advice(&self, failure: &Failure) -> Result<(Advice, bool)> {
        let known = if self.fresh { None } else { self.cache.get(failure, &self.model) };
        if let Some(advice) = known {
            return Ok((advice, true));
        }
        let prompt = self.question(failure)?;
        let reply = self.model.ask(&prompt)?;
        let answer = match Answer::parse(&reply.text) {
            Ok(answer) => answer,
            Err(error) => {
                let path = self.cache.keep_raw(&reply.text)?;
                let kept = format!("what {} said is in {}", one_line(&reply.model), shown(&path));
                return Err(error).context(kept);
            }
        };
        let advice = Advice {
            provider: self.model.provider().to_owned(),
            model: reply.model,
            time: Utc::now(),
            prompt_hash: hash(&prompt),
            tokens: reply.tokens,
            answer,
        };
        self.cache.put(failure, &self.model, &advice)?;
        Ok((advice, false))
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

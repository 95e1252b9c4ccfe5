//! The options of `failures suggest`.

use std::path::Path;

use advice::{Advisor, Model};

use super::model::ModelArgs;
use crate::records::Selection;

#[derive(Debug, clap::Args)]
pub(crate) struct SuggestOptions {
    /// `latest`, `latest~2` (the second before the latest), the beginning or end of an id, or a path.
    #[arg(default_value = "latest", value_name = "ID|PATH")]
    pub(super) failure: String,
    /// Ask about the newest failure of each group, largest group first.
    #[arg(long, conflicts_with = "failure")]
    pub(super) all: bool,
    /// With --all, the maximum number of groups; 0 for all.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, requires = "all")]
    pub(super) limit: usize,
    /// With --all, stop when this number of tokens is used. It is estimated if the server does not report it.
    #[arg(long, value_name = "TOKENS", requires = "all")]
    pub(super) max_tokens: Option<u64>,
    /// Add the answer to the record, after the suggestions of the rules.
    #[arg(long)]
    pub(super) save: bool,
    /// Ask again even if an answer is cached.
    #[arg(long)]
    fresh: bool,
    /// Print the request and send nothing.
    #[arg(long, conflicts_with_all = ["all", "save", "fresh"])]
    pub(super) dry_run: bool,
    /// Maximum size of the prompt in bytes [default: 16000].
    #[arg(long, value_name = "BYTES")]
    budget: Option<usize>,
    /// Do not redact secrets, home directories and the host name. They are never redacted for a server on this machine
    /// that --base-url or FAILURES_BASE_URL names.
    #[arg(long)]
    no_redact: bool,
    #[command(flatten)]
    pub(super) model: ModelArgs,
    #[command(flatten)]
    pub(super) selection: Selection,
}

impl SuggestOptions {
    pub(super) fn advisor(&self, model: Model, dir: &Path) -> Advisor {
        let mut advisor = Advisor::new(model).dir(dir).fresh(self.fresh);
        if let Some(budget) = self.budget {
            advisor = advisor.budget(budget);
        }
        if self.no_redact { advisor.redact(false) } else { advisor }
    }
}

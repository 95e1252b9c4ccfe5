//! The options of `failures suggest`.

use std::path::Path;

use tracing_failure_advice::{Advisor, Model};

use super::model::ModelOptions;
use crate::records::Selection;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// `latest`, `latest~2` for the second before it, the beginning or end of the id, or a file.
    #[arg(default_value = "latest", value_name = "ID|PATH")]
    pub(super) failure: String,
    /// Ask about the newest failure of each group, the largest groups first.
    #[arg(long, conflicts_with = "failure")]
    pub(super) all: bool,
    /// With --all, how many groups at most; 0 for all.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, requires = "all")]
    pub(super) limit: usize,
    /// With --all, ask no more when so many tokens are used. Where the server does not count, they are estimated.
    #[arg(long, value_name = "TOKENS", requires = "all")]
    pub(super) max_tokens: Option<u64>,
    /// Add the answer to the record, after what the rules say.
    #[arg(long)]
    pub(super) save: bool,
    /// Ask again where there is an answer already.
    #[arg(long)]
    fresh: bool,
    /// Only show what would be sent; nothing is.
    #[arg(long, conflicts_with_all = ["all", "save", "fresh"])]
    pub(super) dry_run: bool,
    /// Bytes that a question may have [default: 16000].
    #[arg(long, value_name = "BYTES")]
    budget: Option<usize>,
    /// Send secrets, home directories and the host's name as well. To a server on this machine that --base-url or
    /// FAILURES_BASE_URL names they are sent always.
    #[arg(long)]
    no_redact: bool,
    #[command(flatten)]
    pub(super) model: ModelOptions,
    #[command(flatten)]
    pub(super) selection: Selection,
}

impl Options {
    pub(super) fn advisor(&self, model: Model, dir: &Path) -> Advisor {
        let mut advisor = Advisor::new(model).dir(dir).fresh(self.fresh);
        if let Some(budget) = self.budget {
            advisor = advisor.budget(budget);
        }
        if self.no_redact { advisor.redact(false) } else { advisor }
    }
}

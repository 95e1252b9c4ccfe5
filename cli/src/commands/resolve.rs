//! `failures resolve`: what really fixed a failure, for those that come after it.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tracing_failure::Store;

use crate::records::{Amendment, amend, pick};
use crate::screen::{Screen, one_line, paint, shown};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// `latest`, `latest~2` for the second before it, the beginning or end of the id, or a file.
    #[arg(value_name = "ID|PATH")]
    failure: String,
    /// What was done, in a sentence or two.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    fix: String,
}

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<()> {
    let fix = options.fix.trim();
    ensure!(!fix.is_empty(), "--fix says nothing: what fixed it?");
    let picked = pick(&options.failure, dir)?;
    let of_record = picked.path.parent().context("the record is in no directory")?;
    let of_record = if of_record.as_os_str().is_empty() { Path::new(".") } else { of_record };
    let resolution = Store::open(of_record)?.resolve(&picked.failure, fix)?;
    amend(&picked.path, &Amendment { suggestions: Vec::new(), resolution: Some(resolution) })?;
    let computation = screen.paint(paint::STRONG, &one_line(&picked.failure.computation));
    writeln!(screen, "{computation} is resolved; failures of this kind begin with it from now on")?;
    Ok(writeln!(screen, "  noted in {}", shown(&picked.path))?)
}

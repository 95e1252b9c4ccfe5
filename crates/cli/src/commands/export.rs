//! `failures export`: the runs of all computations as files.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use ::export::{BucketParts, ComputationExport, ExportError, ExportFormat, ExportProgress, ExportReport};
use ::export::{PartDirectory, PartStore, export};
use anyhow::{Result, bail};
use bytesize::ByteSize;
use clap::ValueEnum;

use crate::corpus::{CorpusSource, WorkBar};
use crate::exit_code::ExitCode;
use crate::screen::{Screen, count, one_line, paint};
use crate::signals::SignalGuard;

#[derive(Debug, clap::Args)]
pub(crate) struct ExportOptions {
    /// The directory, or the address of a bucket: s3://bucket/prefix.
    #[arg(value_name = "TARGET")]
    target: String,
    /// The format of the files.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: FormatName,
    /// Export only this computation; a part of its name is enough.
    #[arg(long, value_name = "NAME")]
    computation: Option<String>,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: CorpusSource,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FormatName {
    #[default]
    Parquet,
    Jsonl,
    Csv,
}

impl From<FormatName> for ExportFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Parquet => ExportFormat::Parquet,
            FormatName::Jsonl => ExportFormat::JsonLines,
            FormatName::Csv => ExportFormat::Csv,
        }
    }
}

pub(crate) fn run(options: &ExportOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let format = ExportFormat::from(options.format);
    if !format.is_available() {
        bail!(
            "this build cannot write {format}: install the command with `cargo install --path crates/cli --features \
             parquet`, or choose --format jsonl or csv"
        );
    }
    let store = open_store(&options.target)?;
    let corpus = options.source.open(dir, options.computation.as_deref())?;
    // A bucket receives a part in one step, so a signal may end the command at any time. A request may take minutes.
    let is_bucket = BucketParts::is_address(&options.target);
    let signals = (!is_bucket).then(SignalGuard::install).transpose()?;
    let mut bar = WorkBar::new("writing");
    let mut show = |progress: ExportProgress| {
        bar.update(progress.done, progress.total);
        let is_ending = signals.as_ref().is_some_and(SignalGuard::is_received);
        if is_ending { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let report = export(&corpus, &*store, format, &mut show);
    drop(bar);
    if matches!(report, Err(ExportError::Cancelled)) {
        drop(signals);
    }
    let report = report?;
    if options.json {
        screen.write_pretty(&report)?;
    } else {
        write_report(&report, screen)?;
    }
    screen.flush()?;
    Ok(ExitCode::of_check(corpus.skipped().is_empty()))
}

fn open_store(target: &str) -> Result<Box<dyn PartStore>> {
    if BucketParts::is_address(target) {
        return Ok(Box::new(BucketParts::open(target)?));
    }
    Ok(Box::new(PartDirectory::new(target)))
}

fn write_report(report: &ExportReport, screen: &mut Screen) -> Result<()> {
    for computation in &report.computations {
        let name = screen.paint(paint::NAME, &one_line(&computation.computation)).to_string();
        writeln!(screen, "{name}: {}", summary(computation))?;
    }
    let bytes = report.computations.iter().map(|computation| computation.bytes).sum();
    writeln!(screen, "{} of {} written to {}", ByteSize(bytes), report.format, one_line(&report.target))?;
    Ok(())
}

fn summary(computation: &ComputationExport) -> String {
    let mut text = format!("{} in {}", count(computation.runs, "run"), count(computation.parts, "file"));
    if computation.trail_parts > 0 {
        text += &format!(", trails in {}", count(computation.trail_parts, "file"));
    }
    if computation.kept_runs > 0 {
        text += &format!(", {} of earlier exports kept", count(computation.kept_runs, "run"));
    }
    text
}

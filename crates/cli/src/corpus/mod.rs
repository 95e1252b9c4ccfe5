//! Opening the corpus of a command: all computations below its directories.

mod corpus_reader;
mod failed_run;
mod risk_percent;
mod search_spinner;
mod skipped_report;
mod work_bar;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ::corpus::{Corpus, CorpusError, ReadOptions, ReadProgress, RunTable};
use anyhow::{Result, bail};

use crate::records::failures_dir;
use crate::signals::SignalGuard;
use corpus_reader::{is_bucket, read_corpus};
use skipped_report::report_skipped;

pub(crate) use failed_run::failed_run;
pub(crate) use risk_percent::risk_percent;
pub(crate) use search_spinner::with_spinner;
pub(crate) use work_bar::WorkBar;

/// The directories of a corpus.
#[derive(Debug, clap::Args)]
pub(crate) struct CorpusSource {
    /// Read this directory instead, for example of another host, or the files in a bucket: s3://bucket/prefix. May be
    /// repeated.
    #[arg(long, value_name = "DIR")]
    from: Vec<PathBuf>,
}

impl CorpusSource {
    /// The directories that are read.
    pub(crate) fn dirs(&self, dir: Option<&Path>) -> Result<Vec<PathBuf>> {
        match (&*self.from, dir) {
            ([], Some(dir)) => Ok(vec![dir.to_owned()]),
            ([], None) => Ok(vec![failures_dir(None)?]),
            (from, _) => Ok(from.to_vec()),
        }
    }

    /// Reads all computations, or only those of one name. A progress bar appears after a second, and Ctrl-C ends the
    /// command. Skipped input is reported on stderr.
    pub(crate) fn open(&self, dir: Option<&Path>, computation: Option<&str>) -> Result<Corpus> {
        let dirs = self.dirs(dir)?;
        // A request to a bucket may take minutes, so a signal ends the command at any time.
        let has_bucket = dirs.iter().any(|dir| is_bucket(dir));
        let signals = (!has_bucket).then(SignalGuard::install).transpose()?;
        let mut bar = WorkBar::new("reading");
        let mut show = |progress: ReadProgress| {
            bar.update(progress.done, progress.total);
            let is_ending = signals.as_ref().is_some_and(SignalGuard::is_received);
            if is_ending { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut options = ReadOptions::default();
        options.computation = computation.map(str::to_owned);
        let read = match (read_corpus(&dirs, &options, &mut show), computation) {
            // The name may be a part of one.
            (Err(CorpusError::UnknownComputation { known, .. }), Some(part)) => {
                let name = find_name(part, &known)?;
                options.computation = Some(name);
                read_corpus(&dirs, &options, &mut show)
            }
            (read, _) => read,
        };
        drop(bar);
        if matches!(read, Err(CorpusError::Cancelled)) {
            drop(signals);
        }
        let corpus = read?;
        report_skipped(&corpus);
        Ok(corpus)
    }
}

/// The computation with this name, or the only one whose name contains it.
pub(crate) fn resolve_name(name: &str, known: &[String]) -> Result<String> {
    if known.iter().any(|known| known == name) { Ok(name.to_owned()) } else { find_name(name, known) }
}

/// The only name that contains `part`.
fn find_name(part: &str, known: &[String]) -> Result<String> {
    let matching: Vec<&str> = known.iter().map(String::as_str).filter(|name| name.contains(part)).collect();
    match &*matching {
        [name] => Ok((*name).to_owned()),
        [] => Err(CorpusError::UnknownComputation { computation: part.to_owned(), known: known.to_vec() }.into()),
        names => bail!("several computations contain '{part}': {}: give more of the name", names.join(", ")),
    }
}

/// The tables of a corpus, the one with most failures first.
pub(crate) fn tables_by_failures(corpus: &Corpus) -> Vec<&RunTable> {
    let mut tables: Vec<&RunTable> = corpus.tables().iter().collect();
    tables.sort_by_key(|table| std::cmp::Reverse(table.failed_count()));
    tables
}

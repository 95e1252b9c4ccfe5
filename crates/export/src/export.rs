//! The export of a corpus.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{available_parallelism, scope};
use std::time::Duration;

use corpus::{Corpus, RunId, RunTable, run_ids_among};

use crate::error::ExportError;
use crate::export_report::{ComputationExport, ExportProgress, ExportReport};
use crate::formats::format::ExportFormat;
use crate::names::part_name::{TRAILS, part_name};
use crate::part_plan::{PartPlan, plan_parts};
use crate::part_writer::{PartWriter, WrittenPart};
use crate::rows::run_rows::RunColumns;
use crate::rows::trail_file::read_trail;
use crate::rows::trail_rows::TrailRows;
use crate::store::part_store::PartStore;

/// Time between two reports of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// Maximum number of parts that are written at the same time. It bounds the memory.
const MAX_THREADS: usize = 8;

/// Writes all runs of a corpus to a store.
///
/// The runs of one computation, day and session form a part, `computation=…/date=…/part-{session}.{format}`. The trails
/// of failed runs, whose records exist, form a part below `_trails`. If a part exists, its runs that the corpus does
/// not contain any more are kept, and all other runs are replaced. A second export therefore duplicates nothing, and a
/// corpus whose old logs are gone loses nothing.
///
/// `progress` is called on this thread, several times per second. If it returns `Break`, the export stops.
///
/// # Errors
///
/// Fails if a part is not readable or writable, if a file that no export has written has the name of a part, if this
/// build does not contain the format, or if `progress` returns `Break`. The parts that are finished stay.
///
/// ```
/// use std::ops::ControlFlow;
/// use corpus::{Cell, Corpus, RunFacts, RunOutcome, RunTable, Session, SkippedInput};
/// use tracing_failure_export::{ExportFormat, PartDirectory, export};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-export-{}", std::process::id()));
/// let mut runs = RunTable::new("rg_flow");
/// runs.push_session(Session::new("01a2"));
/// runs.push(RunFacts::new(RunOutcome::Ok), [("lambda", Cell::Number(0.5))]);
/// let corpus = Corpus::new(vec![runs], SkippedInput::default(), Vec::new());
///
/// let store = PartDirectory::new(&dir);
/// let report = export(&corpus, &store, ExportFormat::JsonLines, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!(report.computations[0].runs, 1);
/// let part = "computation=rg_flow/date=__HIVE_DEFAULT_PARTITION__/part-01a2.jsonl";
/// assert!(std::fs::read_to_string(dir.join(part))?.contains(r#""p.lambda":0.5"#));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export(
    corpus: &Corpus,
    store: &dyn PartStore,
    format: ExportFormat,
    progress: &mut dyn FnMut(ExportProgress) -> ControlFlow<()>,
) -> Result<ExportReport, ExportError> {
    if !format.is_available() {
        return Err(ExportError::NotAvailable(format));
    }
    let total = corpus.tables().iter().map(|table| table.len() as u64).sum();
    let status = ExportStatus { done: AtomicU64::new(0), is_cancelled: AtomicBool::new(false) };
    let mut show = || progress(ExportProgress { done: status.done.load(Ordering::Relaxed).min(total), total });
    let mut report =
        ExportReport { target: store.address(), format: format.name().to_owned(), computations: Vec::new() };
    for table in corpus.tables() {
        let writer = PartWriter { store, format, computation: table.computation() };
        report.computations.push(export_table(table, &writer, &status, &mut show)?);
    }
    Ok(report)
}

/// The state that all threads share.
struct ExportStatus {
    done: AtomicU64,
    is_cancelled: AtomicBool,
}

impl ExportStatus {
    fn add_rows(&self, rows: usize) -> io::Result<()> {
        self.done.fetch_add(rows as u64, Ordering::Relaxed);
        match self.is_cancelled.load(Ordering::Relaxed) {
            true => Err(io::Error::other("cancelled")),
            false => Ok(()),
        }
    }
}

fn export_table(
    table: &RunTable,
    writer: &PartWriter<'_>,
    status: &ExportStatus,
    show: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<ComputationExport, ExportError> {
    let columns = RunColumns::new(table);
    let parts = plan_parts(table);
    let next = AtomicUsize::new(0);
    let work = |part: &PartPlan| -> Result<(WrittenPart, Option<WrittenPart>), ExportError> {
        let name = part_name(writer.computation, part.date, &part.session, writer.format.name());
        // Runs that differ only in their number are in the same part.
        let ids = run_ids_among(table, &part.runs);
        let written = writer.write(&name, &columns.rows(&part.runs, &ids), &mut |rows| status.add_rows(rows))?;
        let trails = read_trails(table, part, &ids);
        if trails.is_empty() {
            return Ok((written, None));
        }
        let name = format!("{TRAILS}/{name}");
        let trails = writer.write(&name, &trails.rows(), &mut |_| status.add_rows(0))?;
        Ok((written, Some(trails)))
    };
    let mut export = ComputationExport {
        computation: table.computation().to_owned(),
        runs: table.len(),
        ..ComputationExport::default()
    };
    let mut result = Ok(());
    scope(|scope| {
        let (done, written) = channel();
        let threads = available_parallelism().map_or(1, |cores| cores.get()).min(MAX_THREADS).min(parts.len());
        for _ in 0..threads.max(1) {
            let (done, next, parts, work) = (done.clone(), &next, &parts, &work);
            let run = move || {
                while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if status.is_cancelled.load(Ordering::Relaxed) || done.send(work(part)).is_err() {
                        break;
                    }
                }
            };
            scope.spawn(run);
        }
        drop(done);
        loop {
            match written.recv_timeout(PROGRESS_INTERVAL) {
                Ok(Ok((runs, trails))) => add(&mut export, runs, trails),
                Ok(Err(error)) => {
                    status.is_cancelled.store(true, Ordering::Relaxed);
                    if result.is_ok() {
                        result = Err(error);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if show().is_break() && !status.is_cancelled.swap(true, Ordering::Relaxed) {
                result = Err(ExportError::Cancelled);
            }
        }
    });
    result.map(|()| export)
}

fn add(export: &mut ComputationExport, runs: WrittenPart, trails: Option<WrittenPart>) {
    export.parts += 1;
    export.kept_runs += runs.kept_runs;
    export.bytes += runs.bytes;
    if let Some(trails) = trails {
        export.trail_parts += 1;
        export.bytes += trails.bytes;
    }
}

/// Reads the trails of the failed runs of a part whose records exist.
fn read_trails(table: &RunTable, part: &PartPlan, ids: &[RunId]) -> TrailRows {
    let (mut trails, mut json) = (TrailRows::default(), Vec::new());
    for (&run, id) in part.runs.iter().zip(ids) {
        let failure = table.runs()[run as usize].failure;
        let failure = failure.and_then(|failure| table.failures().get(failure as usize));
        let Some(path) = failure.and_then(|failure| failure.path.as_deref()) else { continue };
        let trail = read_trail(path, &mut json);
        if !trail.is_empty() {
            trails.push(id.to_string(), &trail);
        }
    }
    trails
}

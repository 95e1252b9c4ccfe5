//! Runs a computation for each set of parameters on all cores: [`Sweep`] and its results.

mod progress;
mod runs;
mod thread_permits;

use std::num::NonZero;
use std::panic::Location as Caller;
use std::thread;

use serde::Serialize;
use tracing::{Span, info_span};

use crate::attribute::call;
use crate::computation_handle::ComputationHandle;
use crate::error_source::ErrorSource;
use crate::observe::arguments::{CallArgument, Capture};
use crate::observe::panic_payload::catch_panic;
use crate::observe::report::ReportSite;
use crate::result_ext::record_at;
use progress::{ProgressEnd, ProgressLine, SweepProgress};
use record::{Limits, Value};
use runtime::lock::Mutex;
use thread_permits::{ThreadPermits, mark_worker};

pub use runs::{Run, RunError, Runs};

/// Runs a computation for each set of parameters, on all cores.
///
/// A sweep continues after errors and panics, and shows its progress in a terminal. It returns the value or the error
/// of each run, with its parameters, in the order of the grid:
///
/// ```
/// use tracing_failure::Sweep;
///
/// #[derive(serde::Serialize)]
/// struct Parameters { mu: f64, rtol: f64 }
///
/// let grid = [0.5, 90.0, f64::NAN].map(|mu| Parameters { mu, rtol: 1e-6 });
/// let runs = Sweep::over(grid).run(|parameters| {
///     if parameters.mu > 50.0 {
///         return Err("too stiff");
///     }
///     assert!(!parameters.mu.is_nan(), "mu is NaN");
///     Ok(2.0 * parameters.mu)
/// });
///
/// let values: Vec<_> = runs.successes().map(|(parameters, value)| (parameters.mu, *value)).collect();
/// assert_eq!(values, [(0.5, 1.0)]);
/// let errors: Vec<_> = runs.failures().map(|(_, error)| error.to_string()).collect();
/// assert_eq!(errors, ["too stiff", "panicked: mu is NaN"]);
/// ```
///
/// # Records
///
/// If the closure calls an annotated function, this function is the computation: it writes the records, and its
/// arguments are the parameters. If it does not, name the computation of each run with
/// [`computation`](Sweep::computation): the sweep then records each failed run, with the parameters of the grid. A run
/// that has neither is only in the result.
///
/// The sweep is a span inside the current one, and so are its runs on all threads. Shared parameters, and a
/// `theoretical_ref` that all runs have, may therefore be fields of a span around the sweep. The spans have two
/// parameters themselves: `run` is the index of the run, and `runs` is their number.
///
/// # Threads
///
/// The sweep waits until all runs have ended. By default, the sweeps of a program together have as many threads as
/// there are cores, or as the environment variable `RAYON_NUM_THREADS` states. A sweep inside another one has the
/// threads that are left. If there are none, or if a sweep on another thread is running, it runs on the calling thread.
/// Sweeps may therefore run inside rayon, even if their runs use rayon themselves. If rayon has only one thread, call
/// [`threads(1)`](Sweep::threads) for such a sweep.
///
/// The grid is read completely before the first run. If its iterator panics, so does the caller.
#[derive(Clone, Debug)]
#[must_use = "a sweep does nothing until it runs"]
pub struct Sweep<G, N = Unnamed> {
    grid: G,
    threads: Option<NonZero<usize>>,
    progress: bool,
    naming: N,
}

/// The state of a [`Sweep`] whose closure names its computation itself, or none.
///
/// ```
/// use tracing_failure::Sweep;
/// use tracing_failure::sweep::Unnamed;
///
/// let sweep: Sweep<[f64; 2], Unnamed> = Sweep::over([0.1, 0.2]);
/// # assert_eq!(sweep.run(|mu| Ok::<_, ()>(*mu)).len(), 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Unnamed(());

/// The state of a [`Sweep`] that names the computation of each run.
///
/// ```
/// use tracing_failure::Sweep;
/// use tracing_failure::sweep::Named;
///
/// let sweep: Sweep<[f64; 2], Named> = Sweep::over([0.1, 0.2]).computation("rg_flow", "Eq. 1.12");
/// # assert_eq!(sweep.run(|mu| Ok::<_, std::io::Error>(*mu)).len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Named {
    computation: String,
    theoretical_ref: String,
}

impl<G: IntoIterator> Sweep<G> {
    /// Creates a sweep over the parameters of a grid: over a list, a range, or any other iterator.
    ///
    /// ```
    /// use tracing_failure::Sweep;
    ///
    /// let grid = [0.1, 0.2].into_iter().flat_map(|mu| [1e-6, 1e-9].map(|rtol| (mu, rtol)));
    /// let runs = Sweep::over(grid).run(|&(mu, rtol)| Ok::<_, String>(mu * rtol));
    /// assert_eq!(runs.len(), 4);
    /// ```
    pub fn over(grid: G) -> Self {
        Sweep { grid, threads: None, progress: true, naming: Unnamed(()) }
    }

    /// Makes each run a computation of this name, with the parameters of the grid.
    ///
    /// This is for closures that call no annotated function. An error of the closure is recorded with its type and
    /// sources, and each run has a line in the log with its outcome. If a computation inside the run has failed,
    /// `caused_by` names its record.
    ///
    /// The parameters are serialised if a failure occurs in the run, and for the log line with which it ends.
    ///
    /// ```
    /// use tracing_failure::{Failure, Sweep};
    ///
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-sweep-{}", std::process::id()));
    /// # let _guard = tracing_failure::init(&dir)?;
    /// #[derive(serde::Serialize)]
    /// struct Input { text: &'static str }
    ///
    /// let inputs = ["0.5", "heavy"].map(|text| Input { text });
    /// let runs = Sweep::over(inputs)
    ///     .computation("observable_mass", "IRH v21.4 Part 2 §2.3")
    ///     .run(|input| input.text.parse::<f64>());
    /// assert_eq!(runs.failure_count(), 1);
    ///
    /// let failure = Failure::from_path(dir.join("failures/latest.json"))?;
    /// assert_eq!((&*failure.computation, &*failure.error_type), ("observable_mass", "ParseFloatError"));
    /// assert_eq!(failure.parameters.get("text"), Some(&"heavy".into()));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn computation(self, name: impl Into<String>, theoretical_ref: impl Into<String>) -> Sweep<G, Named> {
        let naming = Named { computation: name.into(), theoretical_ref: theoretical_ref.into() };
        Sweep { grid: self.grid, threads: self.threads, progress: self.progress, naming }
    }

    /// Runs the closure for each set of parameters and returns all results.
    ///
    /// ```
    /// use tracing_failure::Sweep;
    ///
    /// let runs = Sweep::over(0..4).run(|&beta| if beta < 3 { Ok(beta) } else { Err("no plaquettes") });
    /// assert_eq!((runs.success_count(), runs.failure_count()), (3, 1));
    /// ```
    pub fn run<T, E, F>(self, compute: F) -> Runs<G::Item, T, E>
    where
        G::Item: Send,
        T: Send,
        E: Send,
        F: Fn(&G::Item) -> Result<T, E> + Sync,
    {
        self.run_each(|index, parameters| {
            let _run = info_span!("run", run = index).entered();
            compute(parameters)
        })
    }
}

impl<G: IntoIterator> Sweep<G, Named> {
    /// Runs the closure for each set of parameters, records the failures, and returns all results.
    ///
    /// The entries of a struct or a map become parameters of these names. Any other value becomes the parameter
    /// `value`.
    ///
    /// ```
    /// let couplings = tracing_failure::Sweep::over([0.1, 0.2]).computation("rg_flow", "Eq. 1.12");
    /// let runs = couplings.run(|lambda| Ok::<_, std::io::Error>(2.0 * lambda));
    /// assert_eq!(runs.success_count(), 2);
    /// ```
    #[track_caller]
    pub fn run<T, E, F, Via>(self, compute: F) -> Runs<G::Item, T, E>
    where
        G::Item: Serialize + Send,
        T: Send,
        E: ErrorSource<Via> + Send,
        F: Fn(&G::Item) -> Result<T, E> + Sync,
    {
        let caller = Caller::caller();
        let naming = self.naming.clone();
        self.run_each(|index, parameters| {
            let span = naming.span(index);
            let captured = RunParameters(parameters);
            call::run(&span, &[CallArgument::of_entries(&captured)], || {
                let result = compute(parameters).map_err(|error| record_at(error, caller, ReportSite::Close));
                if result.is_ok() {
                    call::succeed(&span, &[CallArgument::of_entries(&captured)]);
                }
                result
            })
        })
    }
}

/// The parameters of a run, which are read if it fails, and for its line in the log.
struct RunParameters<'a, P>(&'a P);

impl<P: Serialize> Capture for RunParameters<'_, P> {
    fn capture(&self, limits: &Limits) -> Option<Value> {
        let value = Value::from_serialize_within(self.0, limits);
        Some(value.unwrap_or_else(|error| format!("[not readable, its Serialize failed: {error}]").into()))
    }

    fn runs_program_code(&self) -> bool {
        true
    }

    fn is_small(&self) -> bool {
        true
    }
}

impl Named {
    fn span(&self, index: usize) -> Span {
        let Named { computation, theoretical_ref } = self;
        info_span!("run", computation, theoretical_ref, run = index)
    }
}

impl<G: IntoIterator, N> Sweep<G, N> {
    /// Sets the number of threads, at least 1, whatever other sweeps use. With 1, the calling thread does the work.
    ///
    /// Lower the number if a run uses several threads itself. Do not raise it for sweeps inside rayon whose runs use
    /// rayon: all threads of rayon might then wait for each other.
    ///
    /// ```
    /// let runs = tracing_failure::Sweep::over(0..4).threads(1).run(|beta| Ok::<_, String>(*beta));
    /// assert_eq!(runs.len(), 4);
    /// ```
    pub fn threads(self, threads: usize) -> Self {
        Sweep { threads: NonZero::new(threads.max(1)), ..self }
    }

    /// Shows or hides the progress. By default it is shown if standard error is a terminal.
    ///
    /// ```
    /// let runs = tracing_failure::Sweep::over(0..4).progress(false).run(|beta| Ok::<_, String>(*beta));
    /// assert_eq!(runs.len(), 4);
    /// ```
    pub fn progress(self, progress: bool) -> Self {
        Sweep { progress, ..self }
    }

    fn run_each<T, E, F>(self, compute: F) -> Runs<G::Item, T, E>
    where
        G::Item: Send,
        T: Send,
        E: Send,
        F: Fn(usize, &G::Item) -> Result<T, E> + Sync,
    {
        let grid: Vec<G::Item> = self.grid.into_iter().collect();
        let progress = SweepProgress::new(grid.len());
        let permits = match self.threads {
            Some(threads) => ThreadPermits::exactly(threads.get().min(grid.len())),
            None => ThreadPermits::available(grid.len()),
        };
        let sweep = info_span!("sweep", runs = grid.len()).entered();
        let handle = ComputationHandle::current();
        let queue = Mutex::new(grid.into_iter().enumerate());
        let work = || {
            let mut runs = Vec::new();
            while let Some((index, parameters)) = queue.lock().and_then(|mut queue| queue.next()) {
                let result = match catch_panic(|| compute(index, &parameters)) {
                    Ok(result) => result.map_err(RunError::Failed),
                    Err(message) => Err(RunError::Panicked(message)),
                };
                progress.count(result.is_err());
                runs.push(Run { index, parameters, result });
            }
            runs
        };
        let runs = thread::scope(|scope| {
            let line = if self.progress { ProgressLine::claim() } else { None };
            let display = line.and_then(|line| {
                let display = thread::Builder::new().name("sweep progress".to_owned());
                display.spawn_scoped(scope, || line.show(&progress)).ok()
            });
            let _end = ProgressEnd { progress: &progress, display: display.map(|display| display.thread().clone()) };
            let workers = (1..=permits.number()).map_while(|number| {
                let worker = thread::Builder::new().name(format!("sweep {number}"));
                let work = || {
                    mark_worker();
                    handle.in_scope(work)
                };
                worker.spawn_scoped(scope, work).ok()
            });
            let workers: Vec<_> = workers.collect();
            if workers.is_empty() {
                return work();
            }
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        });
        drop(sweep);
        Runs::sorted(runs)
    }
}

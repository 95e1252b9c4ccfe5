//! A flight recorder for numerical programs.
//!
//! Annotate your solvers with the attribute [`computation`], or with [`tracing`] spans, that name the equation. When a
//! computation fails, the recorder writes a JSON record to `io/failures`: the parameters as numbers, the chain of
//! errors, the spans, the stack, and the last residuals before the failure. People, scripts and machine learning read
//! the same file. The recorder also writes events to `io/logs`, with a line for each computation that ends.
//!
//! ```
//! use tracing_failure::{Failure, computation, trail};
//!
//! #[derive(Debug, thiserror::Error)]
//! #[error("no convergence within {iterations} iterations")]
//! struct ConvergenceError { iterations: u32 }
//!
//! #[computation("Eq. 1.12", fields(method = "RK45"))]
//! fn integrate(couplings: [f64; 3], t_range: (f64, f64)) -> Result<f64, ConvergenceError> {
//!     trail!(t = t_range.0, norm = couplings[0].abs());
//!     Err(ConvergenceError { iterations: 500 })
//! }
//!
//! # let io = std::env::temp_dir().join(format!("tracing-failure-lib-{}", std::process::id()));
//! let _guard = tracing_failure::init(&io)?; // "io" in a program
//! assert!(integrate([50.0, 100.0, 150.0], (-10.0, 10.0)).is_err());
//!
//! let failure = Failure::from_path(io.join("failures/latest.json"))?;
//! assert_eq!(failure.error_type, "ConvergenceError");
//! assert_eq!(failure.parameters.get("couplings"), Some(&vec![50.0, 100.0, 150.0].into()));
//! # std::fs::remove_dir_all(&io)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to begin
//!
//! - [`init`] sets up a program in one line. [`builder`] has more options.
//! - The attribute [`computation`] makes a function a computation.
//! - [`FailureLayer`] is a layer for your own stack.
//! - [`ResultExt::record_failure`] records an error with its type and its sources. [`StructuredLogger`] does the same
//!   in code without spans.
//! - [`trail!`] reports the numbers of an iteration. [`ensure_finite!`], [`ensure_converged!`], [`ensure_decreasing!`]
//!   and [`ensure_in_range!`] check values; their error is a [`Check`].
//! - [`Sweep`] runs a computation for each set of parameters on all cores. [`in_current_computation`] carries a
//!   computation to other threads.
//! - [`Failure`] is a record, and [`Store`] is a directory of records. Read them with [`Failure::from_path`] and
//!   [`Store::read_all`].
//!
//! # Failures
//!
//! A *computation* is a span, or a single event, with the fields `computation` and `theoretical_ref`. Both fields may
//! come from enclosing spans; the innermost value is used. A computation fails when
//!
//! 1. an ERROR event occurs in it: `error!(…)` or `#[instrument(err)]`,
//! 2. its span has level ERROR and closes without a recorded failure inside it and without a stated success,
//! 3. it panics, or a panic of another thread unwinds it, such as one of a rayon worker, a scoped or a joined thread,
//! 4. [`record_failure`](ResultExt::record_failure) or [`log_failure`](StructuredLogger::log_failure) is called with an
//!    error.
//!
//! The event with which `#[instrument(level = "error", ret)]` reports a success is not a failure.
//!
//! One failure makes one record. The recorder recognises an error that nested `#[instrument(err)]` functions report
//! again while it propagates. If a computation fails because an inner one failed, it has its own record, and
//! `context.caused_by` names the inner one. The same holds for each computation that a panic unwinds. Recursive calls
//! of a function are one failure.
//!
//! All other fields of the computation's span and of the spans around it are parameters, whatever their names. The
//! error of an ERROR event may be in `error`, `err`, `e`, `cause`, `exception`, `source`, `error.message` or
//! `exception.message`. Texts in `error_type`, `category` and `reason` describe it.
//!
//! If a panic of another thread certainly caused the failure, the record has the message, location, stack and thread of
//! that panic. This is certain if the program reported the payload or the message, or if no other computation was open.
//! `context.panic_origin` names the evidence. If several computations were open, it lists the candidate panics. To make
//! the attribution certain, carry the computation to the worker with [`in_current_computation`].
//! [`Stats::unclaimed_panics`] counts panics that belong to no computation.
//!
//! # Outcomes
//!
//! When the span of a computation closes, the recorder writes a line of the log with the `outcome`:
//!
//! - `failed` if a failure of the computation was recorded,
//! - `panicked` if a panic unwinds it without a record,
//! - `ok` if the code states success,
//! - `cancelled` if an annotated `async` function is dropped before it returns,
//! - `unknown` otherwise: a closing span does not prove success, because an early return with `?`, a timeout or a
//!   cancelled task closes it as well.
//!
//! An annotated function states its outcome itself. Other code states success with one of these:
//!
//! - [`record_outcome`](ResultExt::record_outcome) on the `Result` of the computation,
//! - [`record_success`],
//! - `#[instrument(ret)]`, unless the value is `Err(…)`, `None`, `false` or not finite,
//! - `Span::record("outcome", "ok")` for a declared field `outcome`. This field also accepts `failed` and `cancelled`.
//!
//! # The trail
//!
//! The *trail* of a computation contains the numbers of its events, such as `debug!(t, dt, residual, "step accepted")`,
//! and numbers that `Span::record` adds later. The filter of the log does not affect the trail.
//!
//! When the computation fails, `context.trail` has these numbers by callsite, in columns: the first 8 and the last 248
//! occurrences, their total number, and their times. If several threads enter the computation's span, their events are
//! merged in order of time. `context.breadcrumbs` has the last 32 events of level INFO and above without numbers.
//! [`Builder::trail`] sets the number of occurrences, and [`Builder::level`] the most detailed level.
//!
//! ```
//! use tracing::{debug, error, info_span};
//!
//! # let io = std::env::temp_dir().join(format!("tracing-failure-trail-{}", std::process::id()));
//! # let _guard = tracing_failure::init(&io)?;
//! info_span!("solve", computation = "observable_mass", theoretical_ref = "§2.3").in_scope(|| {
//!     for iteration in 0..10_000 {
//!         debug!(iteration, residual = 1.0 / f64::from(iteration + 1), "newton step");
//!     }
//!     error!("no convergence");
//! });
//!
//! let failure = tracing_failure::Failure::from_path(io.join("failures/latest.json"))?;
//! let steps = &failure.context.trail[0];
//! assert_eq!((steps.seen, steps.dropped), (10_000, 9_744));
//! let residuals = steps.columns.get("residual").and_then(|column| column.as_list()).unwrap();
//! assert_eq!(residuals.last(), Some(&1e-4.into()));
//! # std::fs::remove_dir_all(&io)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An event takes about 32 ns (`cargo bench -p tracing-failure`) and allocates nothing. The trail takes less than 64 kB
//! for each thread that works in a computation, and nothing without events. It does not format `?value` and `%value`
//! fields. It formats the message of an event with numbers once per callsite, and the message of an event without
//! numbers each time.
//!
//! # Suggestions
//!
//! Rules derive the `suggested_fixes` of a failure from its category, error, parameters and trail.
//! `context.convergence` describes each series of the trail, and `context.suggestions` gives the reason for each
//! suggestion. Write your own rules with [`Rule`]. [`Store::resolve`] stores the fix of a failure; later failures with
//! the same fingerprint list it first. Suggestions need no network.
//!
//! # Publishing
//!
//! The feature `publish` commits and pushes records with the installed `git`. `Publisher` does it once.
//! `Builder::auto_push(true)` does it in the background after each failure. Publishing commits only records, to the
//! current branch or to a separate one, and leaves your staged and half-merged changes alone. It pushes no other
//! commits, runs no hooks, asks for no password, and kills a git process that takes too long. It leaves out records
//! with values that look like secrets. Records that cannot be pushed stay committed, and the next push includes them.
//!
//! # Vectors and matrices
//!
//! With the features `nalgebra`, `ndarray` and `faer`, [`#[computation]`](macro@computation) captures the vectors,
//! matrices and views of these crates. References, views and other `Copy` values are read when the function fails. An
//! array that the function owns or changes is summarised on entry, in constant time. A record shows the rows as nested
//! lists, or the summary of a large array. [`Finite`](check::Finite) checks them. `ensure_finite!(matrix)?` names the
//! first entry by rows: `matrix[1][0] is NaN`.
//!
//! Without the features, the recorder reads references and copies through `Serialize` or `Debug`. The `Debug` text of a
//! large array of `ndarray` omits entries, and that of a `nalgebra` matrix of static size lists its columns.
//!
//! # Properties of `tracing`
//!
//! - `Span::record` ignores a field that the span did not declare. Declare it as `field = tracing::field::Empty`.
//! - A new thread has no current span. Carry the computation to it with [`in_current_computation`].
//! - `#[instrument]` formats every argument with `Debug` at each call. [`computation`] does not.
//! - `?value` arrives as text. The recorder parses it into numbers, lists and objects.
//! - Computations inherit the numbers, booleans and strings of all spans around them. They inherit `?value` and
//!   `%value` fields only from spans that are computations, inside a computation, or logged: the recorder does not
//!   format these fields of other spans.
//! - A filter under the layer, such as a global `EnvFilter` of `error`, hides the INFO spans of `#[instrument]`.
//!
//! # Guarantees
//!
//! - When the ERROR event returns, the operating system has the record. It survives a panic, an abort and `kill -9` of
//!   the process. With [`Durability::Disk`](record::Durability::Disk) it also survives a loss of power. A record is
//!   complete or absent.
//! - If the recorder cannot write to the store, it writes the record to stderr as one line of JSON, calls
//!   [`Builder::on_lost`], and counts the record in [`Stats`].
//! - The library does not panic, abort, block forever or log through `tracing`. If a `Debug` implementation panics,
//!   only its value is lost.
//! - The library deletes only files that it has written itself.
//! - Outside computations, the library allocates nothing, and formats only logged fields. Inside a computation, an
//!   event allocates nothing either.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "faer", feature = "nalgebra", feature = "ndarray"))]
mod arrays;
mod attribute;
#[cfg(doctest)]
mod book;
mod builder;
pub mod check;
mod computation_handle;
mod ensure;
mod error_source;
mod guard;
mod init_error;
mod layer;
mod log;
mod logger;
mod observe;
#[cfg(feature = "publish")]
#[cfg_attr(docsrs, doc(cfg(feature = "publish")))]
pub mod publish;
pub mod record;
mod recorder;
mod result_ext;
mod success;
pub mod sweep;
mod trail_event;

/// Items that the Python package uses. They may change in any release.
#[doc(hidden)]
pub mod internal {
    pub use crate::observe::trail::callsite::Callsite;
    pub use crate::observe::trail::value_trail::ValueTrail;
}

/// Items that the macros use. They may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::check::site::CheckSite;
    pub use crate::ensure::{CheckedValue, IterationNumber, ensure_in_range, ensure_less, find_non_finite, finite};
    pub use std::result::Result;
    pub use tracing;

    pub use crate::attribute::argument_value::*;
    pub use crate::attribute::call::{AsyncCall, fail, in_own_frame, run, succeed};
    pub use crate::attribute::exit_line::{ExitLine, leave_at};
    pub use crate::attribute::report_note::{FailedResult, WithoutNote};
    pub use crate::attribute::result_test::{fail_if, none_is_failure, not_finite};
    pub use crate::attribute::returned::*;
    pub use crate::attribute::span_value::{EmptyField, FieldOfValue, SpanField};
    pub use crate::observe::arguments::{CallArgument, Capture};
    pub use crate::observe::reported_error::REPORT_NAME;
}

pub use ::record::build_info;
pub use builder::{Builder, builder, init};
pub use check::Check;
pub use computation_handle::{CarriedClosure, ComputationHandle, in_current_computation};
pub use diagnose::{Rule, ValueTest, diagnose};
pub use error_source::ErrorSource;
pub use guard::Guard;
pub use init_error::InitError;
pub use layer::FailureLayer;
pub use layer::panic_hook::install_panic_hook;
pub use log::file::Rotation;
pub use log::successes::Successes;
pub use logger::StructuredLogger;
pub use macros::computation;
pub use observe::target_filter::FilterError;
#[doc(no_inline)]
pub use record::{Category, Failure, Store, Value};
pub use recorder::Stats;
pub use result_ext::ResultExt;
pub use success::record_success;
pub use sweep::Sweep;

/// Threads share and send the types of the API.
#[cfg(test)]
const _: () = {
    const fn require<T: Send + Sync>() {}
    require::<(Builder, Guard, InitError, FilterError, StructuredLogger, Stats, Rule)>();
    require::<(ComputationHandle, FailureLayer<tracing_subscriber::Registry>)>();
    require::<(Sweep<Vec<f64>>, sweep::Runs<f64, f64, InitError>)>();
    require::<(Failure, record::ReadError, record::Map, Store)>();
    #[cfg(feature = "publish")]
    require::<(publish::Publisher, publish::PublishError, publish::Published)>();
};

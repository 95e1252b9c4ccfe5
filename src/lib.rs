//! The flight recorder of a numerical program.
//!
//! Annotate your solvers with ordinary [`tracing`] spans that say what is computed and by which equation. When a
//! computation fails, one complete JSON record of it is in `io/failures`: parameters as real numbers, the chain of errors,
//! the spans, the stack, the last residuals before it broke. People, scripts and machine learning read the same file. Ordinary events go to `io/logs`, with one
//! line for each computation that ends, well or badly.
//!
//! ```
//! use tracing_failure::{Failure, ResultExt};
//!
//! #[derive(Debug, thiserror::Error)]
//! #[error("no convergence within {iterations} iterations")]
//! struct ConvergenceError { iterations: u32 }
//!
//! #[tracing::instrument(fields(computation = "rg_flow_integration", theoretical_ref = "Eq. 1.12", method = "RK45"))]
//! fn integrate(couplings: [f64; 3], t_range: (f64, f64)) -> Result<f64, ConvergenceError> {
//!     Err(ConvergenceError { iterations: 500 }).record_failure()
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
//! - [`init`] sets up a program in one line; [`builder`] has the choices.
//! - [`FailureLayer`] goes into a stack of layers of your own.
//! - [`ResultExt::record_failure`] records an error with its type and its sources; [`StructuredLogger`] does so for code
//!   without spans.
//! - [`Failure`] is the record, and [`Store`] the directory: read them back with [`Failure::from_path`] and
//!   [`Store::read_all`].
//!
//! # What is a failure
//!
//! A *computation* is a span, or a lone event, with the fields `computation` and `theoretical_ref`; both may come from spans
//! around it, and the innermost wins. It fails when
//!
//! 1. an ERROR event occurs in it: `error!(…)`, or `#[instrument(err)]` (the event by which
//!    `#[instrument(level = "error", ret)]` reports a success is none),
//! 2. its span is of ERROR level and closes without a failure recorded inside it and without a stated success,
//! 3. it panics, or a panic of another thread unwinds it: that of a rayon worker, of a scoped or a joined thread,
//! 4. [`record_failure`](ResultExt::record_failure) or [`log_failure`](StructuredLogger::log_failure) says so.
//!
//! One failure makes one record: an error that nested `#[instrument(err)]` functions report again on its way up is
//! recognised. A computation that fails because one inside it did has its own record, whose `context.caused_by` names the
//! inner one. The fields of the computation's span, and of those around it, are the parameters, whatever their names. In an ERROR
//! event, `error`, `err`, `e`, `cause`, `exception`, `source`, `error.message` and `exception.message` may hold the error, and texts
//! in `error_type`, `category` and `reason` describe it.
//!
//! The record of a panic on another thread has that panic's message, place, stack and thread, where it is certain that it is
//! the one: the program reported its payload or its message, or no other computation was open. `context.panic_origin` names
//! the evidence. Where several computations were open at once, it lists the panics that come into question. Enter the
//! computation's span on the worker, and its panics belong to it without doubt. A panic of no computation is counted in
//! [`Stats::unclaimed_panics`].
//!
//! # How a computation ended
//!
//! Each computation whose span closes has a line in the log with its `outcome`. A span that closes does not prove success:
//! an early return with `?`, a timeout or a cancelled task closes it as well. The outcome is
//!
//! - `failed` if a failure of it was recorded, `panicked` if a panic unwinds it without a record,
//! - `ok` if the code states success: with [`record_outcome`](ResultExt::record_outcome) on its `Result`, with
//!   [`record_success`], with `#[instrument(ret)]` (unless the value is `Err(…)`, `None`, `false` or not finite), or with
//!   `Span::record("outcome", "ok")` of a declared field `outcome`, which takes `failed` and `cancelled` as well,
//! - `unknown` otherwise.
//!
//! # The trail
//!
//! Events with numbers inside a computation, `debug!(t, dt, residual, "step accepted")`, and numbers that
//! `Span::record` brings later, are its *trail*, whether or not they are logged. When it fails, `context.trail` holds them by
//! callsite, in columns: the first 8 occurrences and the last 248, how many there were, and when each came. Work on several
//! threads is gathered in order of time where they enter the computation's span. Events of level INFO and above without
//! numbers are kept beside it, the last 32 of them: `context.breadcrumbs`. [`Builder::trail`] says how much is kept, and
//! [`Builder::level`] of which levels.
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
//! It costs 30 ns an event (`cargo bench -p tracing-failure`) and allocates nothing, and it takes less than 64 kB for each thread that works in a computation:
//! nothing where there is no event. A `?value` or `%value` is not formatted for it. An event's message is: once for each
//! callsite where it carries numbers, each time where it carries none.
//!
//! # What to try
//!
//! A failure's `suggested_fixes` come from rules over its category, its error, its parameters and its trail, which
//! `context.convergence` describes series by series; `context.suggestions` says for each of them why. [`Rule`] makes rules of
//! your own. [`Store::resolve`] notes what really fixed a failure, and later ones of its fingerprint begin with it. Nothing is
//! asked over a network.
//!
//! # Publishing
//!
//! With the feature `publish`, records are committed and pushed by the `git` of the machine: `Publisher` does it once,
//! `Builder::auto_push(true)` in the background after each failure. Only records are committed, to the current branch or to
//! one of their own, whatever else is staged or half merged there; no other commit is pushed; no hook runs, and nothing asks
//! for a password or waits for ever. What looks like a secret stops the push. What cannot be pushed stays committed, and goes
//! with the next push.
//!
//! # What to know about `tracing`
//!
//! - `Span::record` of a field that the span did not declare is ignored: declare it as `field = tracing::field::Empty`.
//! - A new thread has no current span: enter a clone of the span there, or give it as `parent`.
//! - `#[instrument]` formats every argument with `Debug` at each call: `skip` large ones.
//! - `?value` arrives as text and is read back into numbers, lists and objects. Where a span is neither a computation, nor
//!   inside one, nor logged, its `?value` and `%value` fields are not formatted at all, and so are no parameters of
//!   computations inside it; its numbers, booleans and strings are.
//! - A filter under the layer, such as a global `EnvFilter` of `error`, hides the INFO spans that `#[instrument]` makes.
//!
//! # Promises
//!
//! - When the ERROR event returns, the record is with the operating system: it survives a panic, an abort and `kill -9` of
//!   the process; with [`Durability::Disk`] a loss of power. A record is whole or absent.
//! - When the store cannot be written, the record goes to stderr as one line of JSON, [`Builder::on_lost`] is called, and
//!   [`Stats`] counts it.
//! - The library does not panic, abort, block for ever or log through `tracing`; a `Debug` that panics costs that one value.
//! - Nothing that it did not write itself is ever deleted.
//! - Outside of computations it allocates nothing and formats nothing that is not logged; inside of them, an event allocates
//!   nothing either.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
mod book;
mod builder;
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

pub use ::record::build_info;
pub use builder::{Builder, builder, init};
pub use diagnose::{Rule, ValueTest, diagnose};
pub use error_source::ErrorSource;
pub use guard::Guard;
pub use init_error::InitError;
pub use layer::FailureLayer;
pub use layer::panic_hook::install_panic_hook;
pub use log::file::Rotation;
pub use logger::StructuredLogger;
pub use observe::target_filter::FilterError;
#[doc(no_inline)]
pub use record::{Category, Failure, Store, Value};
pub use recorder::Stats;
pub use result_ext::ResultExt;
pub use success::record_success;

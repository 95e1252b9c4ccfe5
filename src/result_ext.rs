//! `ResultExt`: records the error or the outcome of a `Result`.

use std::panic::Location as Caller;

use crate::error_source::{Chain, ErrorSource};
use crate::layer::layer_core::LayerCore;
use crate::observe::outcome::ComputationOutcome;
use crate::observe::report::{ReportContent, ReportSite};
use crate::observe::thread::Busy;
use crate::recorder::observation::{Observation, Trigger, Verdict};
use record::Location;

/// Records the error of a `Result` as the failure of the current computation, with its type and sources.
///
/// `#[instrument(err)]` passes only the text of the error to the recorder. This method passes the complete error:
///
/// ```
/// use tracing_failure::{Failure, ResultExt};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-result-{}", std::process::id()));
/// # let _guard = tracing_failure::init(&dir)?;
/// #[tracing::instrument(fields(computation = "observable_mass", theoretical_ref = "§2.3"))]
/// fn mass(text: &str) -> Result<f64, std::num::ParseFloatError> {
///     text.parse().record_failure()
/// }
///
/// assert!(mass("heavy").is_err());
/// let failure = Failure::from_path(dir.join("failures/latest.json"))?;
/// assert_eq!(failure.error_type, "ParseFloatError");
/// assert_eq!(failure.parameters.get("text"), Some(&"heavy".into()));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ResultExt<Via>: sealed::Sealed {
    /// Records an error and returns the result unchanged. An error that is already recorded is not recorded again.
    ///
    /// An `eyre::Report` gets a note with the path of the record, which color-eyre prints at the end.
    ///
    /// ```
    /// use tracing_failure::ResultExt;
    ///
    /// let result: Result<f64, _> = "heavy".parse::<f64>().record_failure();
    /// assert!(result.is_err());
    /// ```
    #[must_use = "the error is recorded, but not handled"]
    fn record_failure(self) -> Self;

    /// Records the result of the current computation: an error like [`record_failure`](Self::record_failure), a success
    /// as the outcome `ok` in the runtime log.
    ///
    /// Call it on the value that the computation returns. Otherwise the outcome in the log is `unknown`, because a span
    /// that closes does not prove success.
    ///
    /// ```
    /// use tracing_failure::ResultExt;
    ///
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-outcome-{}", std::process::id()));
    /// # let guard = tracing_failure::init(&dir)?;
    /// #[tracing::instrument(fields(computation = "observable_mass", theoretical_ref = "§2.3"))]
    /// fn mass(text: &str) -> Result<f64, std::num::ParseFloatError> {
    ///     text.parse().record_outcome()
    /// }
    ///
    /// assert!(mass("0.5").is_ok());
    /// # guard.flush();
    /// let log = std::fs::read_to_string(guard.computation_log_path().unwrap())?;
    /// assert!(log.contains(r#""outcome":"ok""#));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "the outcome is recorded, but an error is not handled"]
    fn record_outcome(self) -> Self;
}

/// Only `Result` implements [`ResultExt`], so that it can get further methods.
mod sealed {
    pub trait Sealed {}

    impl<T, E> Sealed for Result<T, E> {}
}

impl<T, E: ErrorSource<Via>, Via> ResultExt<Via> for Result<T, E> {
    #[track_caller]
    fn record_failure(self) -> Self {
        let caller = Caller::caller();
        self.map_err(|error| record(error, caller))
    }

    #[track_caller]
    fn record_outcome(self) -> Self {
        let caller = Caller::caller();
        match self {
            Ok(value) => {
                LayerCore::state_outcome(ComputationOutcome::Ok);
                Ok(value)
            }
            Err(error) => Err(record(error, caller)),
        }
    }
}

fn record<Via, E: ErrorSource<Via>>(error: E, caller: &'static Caller<'static>) -> E {
    record_at(error, caller, ReportSite::Line(caller.file().into(), caller.line()))
}

/// Records an error as the failure of the current computation.
pub(crate) fn record_at<Via, E: ErrorSource<Via>>(error: E, caller: &'static Caller<'static>, site: ReportSite) -> E {
    let Some(_busy) = Busy::enter() else { return error };
    let mut messages = Vec::new();
    let verdict = LayerCore::record_current(|recorder| {
        let Chain(chain) = error.chain(&recorder.limits);
        let mut observation = Observation::new(Trigger::Call, site.clone());
        observation.error = chain;
        observation.content = ReportContent::ErrorOnly;
        observation.location = Location::from(caller);
        messages = observation.messages();
        observation
    });
    let failure = verdict.and_then(Verdict::failure);
    let path =
        || LayerCore::with_current(|core, _, _| core.recorder.take_unreported_path(failure, &messages)).flatten();
    error.with_note(path)
}

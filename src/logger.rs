use std::io;
use std::panic::{AssertUnwindSafe, Location as Caller, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::builder::Builder;
use crate::capture::{Call, Capture, Carries, Kind, Place, Seen, payload_text};
use crate::cause::{Cause, Chain};
use crate::failure::Location;
use crate::init_error::InitError;
use crate::recorder::Recorder;
use crate::value::{Map, Value};

/// Records failures of code that has an error in hand and no span.
///
/// ```
/// use tracing_failure::StructuredLogger;
///
/// #[derive(serde::Serialize)]
/// struct Parameters { initial_couplings: [f64; 3], t_range: (f64, f64), method: &'static str }
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-logger-{}", std::process::id()));
/// let logger = StructuredLogger::new(dir.join("failures"))?;
/// let parameters = Parameters { initial_couplings: [50.0, 100.0, 150.0], t_range: (-10.0, 10.0), method: "RK45" };
/// let error = std::io::Error::other("RG flow integration failed to converge");
/// let path = logger.log_failure("rg_flow_integration", &error, &parameters, "IRH v21.4 Part 1 §1.2")?;
///
/// let failure = tracing_failure::Failure::from_path(path)?;
/// assert_eq!(failure.parameters.to_string(), serde_json::to_string(&parameters)?);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StructuredLogger {
    recorder: Arc<Recorder>,
}

impl StructuredLogger {
    /// A logger that writes into this directory. [`Builder::logger`] has the choices.
    ///
    /// # Errors
    ///
    /// When the directory cannot be created.
    ///
    /// ```
    /// let error = tracing_failure::StructuredLogger::new("/dev/null/failures").unwrap_err();
    /// assert!(error.to_string().contains("/dev/null/failures"));
    /// ```
    pub fn new(failures: impl AsRef<Path>) -> Result<Self, InitError> {
        Builder::for_failures(failures).logger()
    }

    pub(crate) fn with_recorder(recorder: Arc<Recorder>) -> Self {
        StructuredLogger { recorder }
    }

    /// Records a failure and returns its file. When this returns, the record is with the operating system.
    ///
    /// The error is anything that implements [`std::error::Error`], a `Box<dyn Error>`, or a report such as
    /// `eyre::Report`; the parameters are anything that implements [`Serialize`]. The spans around the caller, if there
    /// are any, are recorded too.
    ///
    /// # Errors
    ///
    /// When the store cannot be written. The record is on stderr then.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-log-failure-{}", std::process::id()));
    /// let logger = tracing_failure::StructuredLogger::new(&dir)?;
    /// let error = "x".parse::<f64>().unwrap_err();
    /// let path = logger.log_failure("observable_mass", &error, &[("input", "x")], "§2.3")?;
    /// assert!(path.exists());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn log_failure<Via>(
        &self,
        computation: &str,
        error: &(impl Cause<Via> + ?Sized),
        parameters: &(impl Serialize + ?Sized),
        theoretical_ref: &str,
    ) -> io::Result<PathBuf> {
        let caller = Caller::caller();
        let Chain(chain) = error.chain(&self.recorder.limits);
        let mut seen = Seen::new(Kind::Call, Place::Line(caller.file().into(), caller.line()));
        seen.error = chain;
        seen.carries = Carries::ErrorAlone;
        seen.location = Location::of_caller(caller);
        let call = Call {
            computation: computation.to_owned(),
            theoretical_ref: theoretical_ref.to_owned(),
            parameters: self.parameters(parameters),
            seen,
        };
        Capture::record_call(&self.recorder, call)
    }

    /// Parameters as named values, whatever they are. A `Serialize` that fails or panics costs the parameters only.
    fn parameters(&self, parameters: &(impl Serialize + ?Sized)) -> Map {
        let value = catch_unwind(AssertUnwindSafe(|| Value::from_serialize_within(parameters, &self.recorder.limits)));
        let value = match value {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => format!("[its Serialize failed: {error}]").into(),
            Err(panic) => format!("[its Serialize panicked: {}]", payload_text(&*panic)).into(),
        };
        let map = match value {
            Value::Map(map) => map,
            Value::Null => Map::new(),
            other => Map::from_iter([("value", other)]),
        };
        self.recorder.redactor.map(map)
    }
}

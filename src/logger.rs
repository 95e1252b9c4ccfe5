//! `StructuredLogger`: records failures without a span.

use std::io;
use std::panic::Location as Caller;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use tracing::Level;

use crate::error_source::{Chain, ErrorSource};
use crate::layer::layer_core::LayerCore;
use crate::layer::recording::Call;
use crate::log::line::{write_closing_line, write_line};
use crate::observe::panic_payload::catch_panic;
use crate::observe::report::{ReportContent, ReportSite};
use crate::observe::thread::Busy;
use crate::observe::trail::value_trail::ValueTrail;
use crate::recorder::observation::{Observation, Trigger};
use crate::recorder::{Recorder, Stats};
use record::{Failure, Location};
use record::{Map, Value};
use text::shorten;

/// Records failures in code that has an error but no span.
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
    pub(crate) fn with_recorder(recorder: Arc<Recorder>) -> Self {
        StructuredLogger { recorder }
    }

    /// Records a failure and returns the path of its record. On return, the operating system has the record.
    ///
    /// The error may be any [`std::error::Error`], a `Box<dyn Error>`, or a report such as `eyre::Report`. The
    /// parameters may be any value that implements [`Serialize`]. If there are spans around the caller, the record
    /// contains them.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be written. The record is then written to stderr.
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
        error: &(impl ErrorSource<Via> + ?Sized),
        parameters: &(impl Serialize + ?Sized),
        theoretical_ref: &str,
    ) -> io::Result<PathBuf> {
        let caller = Caller::caller();
        // A panic in the error's own code is no failure of the computation.
        let _busy = Busy::enter();
        let Chain(chain) = error.chain(&self.recorder.limits);
        let mut observation = Observation::new(Trigger::Call, ReportSite::Line(caller.file().into(), caller.line()));
        observation.error = chain;
        observation.content = ReportContent::ErrorOnly;
        observation.location = Location::from(caller);
        let call = Call {
            computation: computation.to_owned(),
            theoretical_ref: theoretical_ref.to_owned(),
            parameters: self.parameters(parameters),
            observation,
        };
        LayerCore::record_call(&self.recorder, call)
    }

    /// Records a failure from another source: another language, another process, or a solver's report.
    ///
    /// The logger adds the entries that the failure lacks: id, session, thread, process, category, fingerprint and
    /// suggestions. It redacts values that look like secrets, shortens long texts, and appends an underscore to context
    /// entries with a reserved name.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be written. The record is then written to stderr.
    ///
    /// ```
    /// use tracing_failure::{Category, Failure, StructuredLogger};
    ///
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-record-{}", std::process::id()));
    /// let logger = StructuredLogger::new(&dir)?;
    /// let mut failure = Failure::new("betti_numbers", "§3.1", "LinAlgError", "Singular matrix");
    /// failure.parameters.insert("dimension", 5);
    /// let path = logger.record(failure)?;
    ///
    /// let failure = Failure::from_path(path)?;
    /// assert_eq!(failure.context.category, Some(Category::SingularMatrix));
    /// assert!(!failure.suggested_fixes.is_empty());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record(&self, failure: Failure) -> io::Result<PathBuf> {
        let _busy = Busy::enter();
        self.recorder.record_described(failure).1
    }

    /// Writes a line to the runtime log without a `tracing` event. Does nothing without a log. `entries` follow the
    /// timestamp, level, target and message, for example `fields` and `spans`. ERROR lines are written at once.
    ///
    /// ```
    /// use tracing_failure::record::Map;
    ///
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-log-line-{}", std::process::id()));
    /// let logger = tracing_failure::builder(&dir).logger()?;
    /// let fields = Map::from_iter([("residual", 1e-3)]);
    /// logger.log(tracing::Level::WARN, "solver", "no progress", Map::from_iter([("fields", fields)]));
    /// logger.flush();
    ///
    /// let file = std::fs::read_dir(dir.join("logs"))?.next().unwrap()?.path();
    /// assert!(std::fs::read_to_string(file)?.contains(r#""message":"no progress","fields":{"residual":0.001}"#));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn log(&self, level: Level, target: &str, message: &str, entries: Map) {
        let Some(line) = self.recorder.line_context() else { return };
        // Redact before the text is shortened, so that no part of a secret remains.
        let message = self.recorder.redactor.text(message);
        let message = shorten(&message, self.recorder.limits.text);
        write_line(level, target, &message, &self.recorder.redactor.map(entries), &line);
        if level == Level::ERROR {
            line.log.flush();
        }
    }

    /// Writes the closing line of a computation without a span, for example of another language. Does nothing without a
    /// log. `entries` follow the message: `computation`, `theoretical_ref`, `parameters`, `outcome`, `duration_s`, and
    /// `failure_id` after a failure.
    ///
    /// ```
    /// use tracing_failure::Value;
    /// use tracing_failure::record::Map;
    ///
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-log-computation-{}", std::process::id()));
    /// let logger = tracing_failure::builder(&dir).logger()?;
    /// let entries: [(&str, Value); 3] =
    ///     [("computation", "observable_mass".into()), ("outcome", "ok".into()), ("duration_s", 0.25.into())];
    /// logger.log_computation("solver", Map::from_iter(entries));
    /// logger.flush();
    ///
    /// let file = std::fs::read_dir(dir.join("logs"))?.next().unwrap()?;
    /// assert!(file.file_name().to_string_lossy().starts_with("computations_"));
    /// assert!(std::fs::read_to_string(file.path())?.contains(r#""message":"computation closed""#));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn log_computation(&self, target: &str, entries: Map) {
        let Some(line) = self.recorder.line_context() else { return };
        write_closing_line(target, &self.recorder.redactor.map(entries), &line);
    }

    /// Like [`log_computation`](Self::log_computation), with the digest of a trail if
    /// [`Successes::trail`](crate::Successes::trail) is true.
    #[doc(hidden)]
    pub fn log_computation_with_trail(&self, target: &str, entries: Map, trail: &ValueTrail) {
        let Some(line) = self.recorder.line_context() else { return };
        let mut entries = self.recorder.redactor.map(entries);
        if line.successes.trail {
            let digest = trail.digest(line.redactor);
            if !digest.is_empty() {
                entries.insert("trail", digest);
            }
        }
        write_closing_line(target, &entries, &line);
    }

    /// Passes all log lines and `latest.json` to the operating system.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-logger-flush-{}", std::process::id()));
    /// let logger = tracing_failure::StructuredLogger::new(&dir)?;
    /// logger.record(tracing_failure::Failure::new("rg_flow", "Eq. 1.12", "Diverged", "pole"))?;
    /// logger.flush();
    /// assert!(dir.join("latest.json").exists());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flush(&self) {
        self.recorder.naming.wait();
        self.recorder.flush();
    }

    /// Flushes, and with `Builder::auto_push` pushes pending records. Call it at the end of a program that has no
    /// [`Guard`](crate::Guard).
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-logger-finish-{}", std::process::id()));
    /// let logger = tracing_failure::StructuredLogger::new(&dir)?;
    /// logger.finish();
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(&self) {
        self.recorder.naming.wait();
        self.recorder.finish();
    }

    /// Returns the counters of the recorder.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-logger-stats-{}", std::process::id()));
    /// let logger = tracing_failure::StructuredLogger::new(&dir)?;
    /// assert_eq!(logger.stats().recorded, 0);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.recorder.stats()
    }

    /// Returns the id of this run, which is in every failure and every log line.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-logger-session-{}", std::process::id()));
    /// let logger = tracing_failure::builder(&dir).session_id("night-run-7").logger()?;
    /// assert_eq!(logger.session_id(), "night-run-7");
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.recorder.session
    }

    /// Converts parameters to named values. If `Serialize` fails or panics, only the parameters are lost.
    fn parameters(&self, parameters: &(impl Serialize + ?Sized)) -> Map {
        let value = match catch_panic(|| Value::from_serialize_within(parameters, &self.recorder.limits)) {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => format!("[its Serialize failed: {error}]").into(),
            Err(panic) => format!("[its Serialize panicked: {}]", shorten(&panic, self.recorder.limits.text)).into(),
        };
        let map = match value {
            Value::Map(map) => map,
            Value::Null => Map::new(),
            other => Map::from_iter([("value", other)]),
        };
        self.recorder.redactor.map(map)
    }
}

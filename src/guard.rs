//! `Guard`: flushes and finishes a recorder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::log::file::LogSeries;
use crate::logger::StructuredLogger;
use crate::recorder::{Recorder, Stats};

/// Flushes the log when it is dropped. Keep it until the program ends.
///
/// Records need no flush: the operating system has a record when the ERROR event returns. These writes may be delayed:
///
/// - lines of the runtime log, by up to 200 ms,
/// - `latest.json`, by up to 100 ms in a burst of failures,
/// - the function names in a record, if reading the debug information takes longer than a second.
///
/// After the guard is dropped, nothing is delayed.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-guard-{}", std::process::id()));
/// let guard = tracing_failure::init(&dir)?;
/// tracing::info!("begin");
/// guard.flush();
/// assert_eq!(guard.stats().log_lines, 1);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping the guard at once leaves the last log lines to a background thread"]
pub struct Guard {
    recorder: Arc<Recorder>,
}

impl Guard {
    pub(crate) fn new(recorder: Arc<Recorder>) -> Self {
        Guard { recorder }
    }

    /// Passes all log lines and `latest.json` to the operating system, and waits until the records have their function
    /// names, for at most 10 s.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-guard-flush-{}", std::process::id()));
    /// let guard = tracing_failure::init(&dir)?;
    /// tracing::info!("begin");
    /// guard.flush();
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flush(&self) {
        self.recorder.naming.wait();
        self.recorder.flush();
    }

    /// Flushes, and with `Builder::auto_push` pushes pending records. It waits for the push up to `Builder::push_wait`.
    /// Call it before [`std::process::exit`], which drops no guards.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-guard-finish-{}", std::process::id()));
    /// let guard = tracing_failure::init(&dir)?;
    /// guard.finish();
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
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-guard-stats-{}", std::process::id()));
    /// let guard = tracing_failure::init(&dir)?;
    /// assert_eq!(guard.stats().recorded, 0);
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
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-guard-session-{}", std::process::id()));
    /// let guard = tracing_failure::builder(&dir).session_id("night-run-7").init()?;
    /// assert_eq!(guard.session_id(), "night-run-7");
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.recorder.session
    }

    /// Returns the directory of the records.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-guard-dir-{}", std::process::id()));
    /// let guard = tracing_failure::init(&dir)?;
    /// assert_eq!(guard.failures_dir(), dir.join("failures"));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn failures_dir(&self) -> &Path {
        self.recorder.store.dir()
    }

    /// Returns the current file of the events in the runtime log, or `None` without a log.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-guard-log-{}", std::process::id()));
    /// let guard = tracing_failure::init(&dir)?;
    /// assert!(guard.log_path().is_some_and(|path| path.starts_with(dir.join("logs"))));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn log_path(&self) -> Option<PathBuf> {
        self.recorder.log.as_ref().and_then(|log| log.path(LogSeries::Events))
    }

    /// Returns the current file of the closing lines of computations. Returns `None` before the first computation
    /// closes, and without a log.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-guard-computations-{}", std::process::id()));
    /// let guard = tracing_failure::init(&dir)?;
    /// assert_eq!(guard.computation_log_path(), None);
    /// tracing::info_span!("solve", computation = "observable_mass", theoretical_ref = "§2.3").in_scope(|| {});
    /// guard.flush();
    /// assert!(guard.computation_log_path().is_some_and(|path| path.exists()));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn computation_log_path(&self) -> Option<PathBuf> {
        self.recorder.log.as_ref().and_then(|log| log.path(LogSeries::Computations))
    }

    /// Returns a logger for code that has an error but no span. It writes to the same store, in the same session.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-guard-logger-{}", std::process::id()));
    /// let guard = tracing_failure::init(&dir)?;
    /// let error = "x".parse::<f64>().unwrap_err();
    /// let path = guard.logger().log_failure("observable_mass", &error, &("input", "x"), "§2.3")?;
    /// assert!(path.starts_with(guard.failures_dir()));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn logger(&self) -> StructuredLogger {
        StructuredLogger::with_recorder(Arc::clone(&self.recorder))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(log) = &self.recorder.log {
            log.end_buffering();
        }
        self.recorder.store.end_buffering();
        self.recorder.naming.wait();
        self.recorder.flush();
        self.recorder.store.wait_for_tidying();
        #[cfg(feature = "publish")]
        if let Some(auto_push) = &self.recorder.auto_push {
            auto_push.shut_down();
        }
    }
}

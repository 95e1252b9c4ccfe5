use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::logger::StructuredLogger;
use crate::recorder::{Recorder, Stats};

/// Flushes when it is dropped: keep it until the program ends.
///
/// Records need no flush: a record is with the operating system when the ERROR event returns. What waits are lines of
/// the runtime log (up to 200 ms), in a burst of failures `latest.json` (up to 100 ms), and the names of functions in a
/// record whose debug information takes longer than a second to read. Once the guard is gone, nothing waits any more.
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

    /// Returns when all log lines and `latest.json` are with the operating system, and the records have the names of
    /// their functions. It waits for these for 10 s at most.
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

    /// Flushes, and with `Builder::auto_push` pushes at once what waits to be pushed, for as long as `Builder::push_wait`
    /// says. Call it before [`std::process::exit`], which drops no guards.
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

    /// What the recorder has done so far.
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

    /// The id that every failure and every log line of this run bears.
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

    /// The directory of the records.
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

    /// The file that the runtime log goes to at present; `None` where there is no log.
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
        self.recorder.log.as_ref().and_then(|log| log.path())
    }

    /// A logger for code that has an error in hand and no span: it writes to the same store, in the same session.
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
        self.recorder.store.end_tidying();
        #[cfg(feature = "publish")]
        if let Some(auto_push) = &self.recorder.auto_push {
            auto_push.shut_down();
        }
    }
}

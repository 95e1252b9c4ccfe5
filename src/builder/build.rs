//! Builds the recorder from the options, and the layer, logger and guard that use it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "publish")]
use publish::AutoPush;
use record::Store;
use record::internal::reserved_in_context;
use region::RegionFile;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

use crate::builder::Builder;
#[cfg(feature = "publish")]
use crate::builder::Publishing;
use crate::guard::Guard;
use crate::init_error::InitError;
use crate::layer::panic_hook::install_panic_hook;
use crate::layer::{FailureLayer, shared_locks};
use crate::log::log_session::LogSession;
use crate::log::runtime_log::{LogRotations, RuntimeLog};
use crate::logger::StructuredLogger;
use crate::observe::eyre;
use crate::observe::target_filter::TargetFilter;
use crate::observe::trail_filter::{TrailFilter, TrailOptions};
use crate::recorder::{Recorder, process};

impl Builder {
    /// Installs the recorder as the global subscriber of the process. Keep the guard until the program ends.
    ///
    /// # Errors
    ///
    /// Returns an error if the process already has a global subscriber, if this thread is panicking, if a directory
    /// cannot be created, or if an option is invalid.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-builder-init-{}", std::process::id()));
    /// let _guard = tracing_failure::builder(&dir).stderr_notice(false).init()?;
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn init(self) -> Result<Guard, InitError> {
        if tracing::dispatcher::has_been_set() {
            return Err(InitError::AlreadyInitialized);
        }
        let (panic_hook, color_eyre, level) = (self.panic_hook, self.color_eyre, self.level);
        if (panic_hook || color_eyre) && std::thread::panicking() {
            return Err(InitError::Panicking);
        }
        let trail = self.trail_options()?;
        let recorder = Arc::new(self.recorder(RuntimeLog::open)?);
        let layer = FailureLayer::sole(Arc::clone(&recorder), trail, level);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
            .map_err(|_| InitError::AlreadyInitialized)?;
        if color_eyre {
            eyre::install();
        }
        if panic_hook {
            install_panic_hook();
        }
        Ok(Guard::new(recorder))
    }

    /// Builds a layer for your own stack, and its guard. It installs no hooks; to record panics, call
    /// [`install_panic_hook`].
    ///
    /// # Errors
    ///
    /// Returns an error if a directory cannot be created or an option is invalid.
    ///
    /// ```
    /// use tracing_subscriber::prelude::*;
    ///
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-builder-layer-{}", std::process::id()));
    /// let (failures, _guard) = tracing_failure::builder(&dir).layer()?;
    /// let subscriber = tracing_subscriber::registry().with(failures).with(tracing_subscriber::fmt::layer());
    /// # drop(subscriber);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn layer<S>(self) -> Result<(FailureLayer<S>, Guard), InitError>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let (level, level_hint, trail) = (self.level, self.level_hint, self.trail_options()?);
        let recorder = Arc::new(self.recorder(RuntimeLog::open)?);
        let layer = FailureLayer::with_recorder(Arc::clone(&recorder), trail, level);
        let layer = if level_hint { layer.with_level_hint() } else { layer };
        Ok((layer, Guard::new(recorder)))
    }

    /// Builds a logger without a layer. It creates the first log file with the first line.
    ///
    /// # Errors
    ///
    /// Returns an error if a directory cannot be created or an option is invalid.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-builder-logger-{}", std::process::id()));
    /// let logger = tracing_failure::builder(&dir).without_log().context("machine", "test bench").logger()?;
    /// # drop(logger);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn logger(self) -> Result<StructuredLogger, InitError> {
        // A logger has no trail, but invalid options of the trail are an error everywhere.
        self.trail_options()?;
        Ok(StructuredLogger::with_recorder(Arc::new(self.recorder(RuntimeLog::unopened)?)))
    }

    fn trail_options(&self) -> Result<TrailOptions, InitError> {
        let parse = |filter: &String| TrailFilter::parse(filter, self.level).map_err(InitError::Filter);
        Ok(TrailOptions { retention: self.trail, filter: self.trail_filter.as_ref().map(parse).transpose()? })
    }

    fn recorder(self, log: OpenLog) -> Result<Recorder, InitError> {
        shared_locks::prepare();
        let mut shared_context = process::context(&self.redactor, &self.limits);
        if let Some((name, _)) = self.context.iter().find(|(name, _)| reserved_in_context(name)) {
            return Err(InitError::ReservedContext(name.to_owned()));
        }
        shared_context.other = self.redactor.map(self.context);
        shared_context.build = self.build;
        let session = self.session.unwrap_or_else(|| record::time::new_id().to_string());
        let log_session = LogSession::new(session.clone(), &shared_context);
        let open_log = |dir: PathBuf| {
            let filter = match &self.log_filter {
                Some(filter) => TargetFilter::parse(filter).map_err(InitError::Filter)?,
                None => TargetFilter::from_env(),
            };
            log(&dir, &log_session, self.rotations, filter).map_err(InitError::Io)
        };
        let store = match Store::open_with(&self.failures, self.areas.clone(), self.durability) {
            Err(_) if self.without_dir => Store::unopened(&self.failures, self.areas, self.durability),
            opened => opened.map_err(InitError::Io)?,
        };
        Ok(Recorder {
            #[cfg(feature = "publish")]
            auto_push: self.publishing.begin(&store),
            regions: RegionFile::new(store.dir()),
            store,
            log: self.logs.map(open_log).transpose()?,
            session_json: serde_json::to_vec(&session).unwrap_or_default(),
            session,
            limits: self.limits,
            redactor: self.redactor,
            reference_required: self.reference_required,
            error_spans: self.error_spans,
            successes: self.successes,
            shared_context,
            on_lost: self.on_lost,
            notices: self.notices,
            counters: Default::default(),
            rules: self.rules,
            recent: Default::default(),
            naming: Default::default(),
        })
    }
}

/// Opens a runtime log.
type OpenLog = fn(&Path, &LogSession, LogRotations, TargetFilter) -> io::Result<RuntimeLog>;

#[cfg(feature = "publish")]
impl Publishing {
    fn begin(self, store: &Store) -> Option<Arc<AutoPush>> {
        self.auto.then(|| AutoPush::new(self.publisher.with_dir(store.dir()), self.wait))
    }
}

impl<S> FailureLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// Creates a layer that writes records to this directory, without a runtime log. [`Builder::layer`] has more
    /// options and returns a guard.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory cannot be created.
    ///
    /// ```
    /// use tracing_failure::FailureLayer;
    /// use tracing_subscriber::prelude::*;
    ///
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-layer-new-{}", std::process::id()));
    /// let subscriber = tracing_subscriber::registry().with(FailureLayer::new(&dir)?);
    /// # drop(subscriber);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(failures: impl AsRef<Path>) -> Result<Self, InitError> {
        let (layer, guard) = Builder::for_failures(failures).layer()?;
        // Without a runtime log, the guard would only wait for `latest.json`, which the store flushes itself.
        drop(guard);
        Ok(layer)
    }
}

impl StructuredLogger {
    /// Creates a logger that writes to this directory. [`Builder::logger`] has more options.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory cannot be created.
    ///
    /// ```
    /// let error = tracing_failure::StructuredLogger::new("/dev/null/failures").unwrap_err();
    /// assert!(error.to_string().contains("/dev/null/failures"));
    /// ```
    pub fn new(failures: impl AsRef<Path>) -> Result<Self, InitError> {
        Builder::for_failures(failures).logger()
    }
}

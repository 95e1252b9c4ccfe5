//! The choices of a program.

mod build;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
#[cfg(feature = "publish")]
use std::time::Duration;

use diagnose::{Rule, Rules};
#[cfg(feature = "publish")]
use publish::Publisher;
use record::internal::{Areas, Redactor};
use record::{BuildInfo, Durability, Failure, Limits, Map, Value};
use tracing::level_filters::LevelFilter;

use crate::guard::Guard;
use crate::init_error::InitError;
use crate::log::file::Rotation;
use crate::observe::thread::Busy;
use crate::observe::trail::retention::Retention;
use crate::recorder::{Notices, OnLost};

/// Sets up everything for a program in one line: failures in `{dir}/failures`, the runtime log in `{dir}/logs`, the panic
/// hook, and color-eyre where the feature is on.
///
/// It becomes the process's global subscriber. To put a [`FailureLayer`] into a stack of your own, use
/// [`Builder::layer`].
///
/// # Errors
///
/// When the process has a global subscriber already, or a directory cannot be created.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-init-{}", std::process::id()));
/// let _guard = tracing_failure::init(&dir)?;
///
/// let again = tracing_failure::init(&dir).unwrap_err();
/// assert_eq!(again.to_string(), "this process has a global tracing subscriber already");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn init(dir: impl AsRef<Path>) -> Result<Guard, InitError> {
    builder(dir).init()
}

/// The choices beneath [`init`].
///
/// ```
/// use tracing_failure::record::Durability;
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-builder-{}", std::process::id()));
/// let _guard = tracing_failure::builder(&dir)
///     .session_id("night-run-7")
///     .context("lattice", "32^3 x 64")
///     .area("lattice", &["wilson", "plaquette"])
///     .durability(Durability::Disk)
///     .build_info(tracing_failure::build_info!())
///     .init()?;
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn builder(dir: impl AsRef<Path>) -> Builder {
    let dir = dir.as_ref();
    let mut builder = Builder::for_failures(dir.join("failures"));
    builder.logs = Some(dir.join("logs"));
    builder.notices = Notices::some();
    builder
}

/// What can be chosen about a recorder. Made by [`builder`].
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-choices-{}", std::process::id()));
/// let guard = tracing_failure::builder(&dir).without_log().init()?;
/// assert_eq!(guard.log_path(), None);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until it is finished with `init`, `layer` or `logger`"]
pub struct Builder {
    failures: PathBuf,
    logs: Option<PathBuf>,
    session: Option<String>,
    context: Map,
    build: Option<BuildInfo>,
    areas: Areas,
    durability: Durability,
    without_dir: bool,
    limits: Limits,
    redactor: Redactor,
    log_filter: Option<String>,
    rotation: Rotation,
    trail: Retention,
    trail_filter: Option<String>,
    level: LevelFilter,
    level_hint: bool,
    on_lost: Option<OnLost>,
    notices: Notices,
    rules: Rules,
    reference_required: bool,
    error_spans: bool,
    panic_hook: bool,
    color_eyre: bool,
    #[cfg(feature = "publish")]
    publishing: Publishing,
}

/// What is chosen about pushes.
#[cfg(feature = "publish")]
struct Publishing {
    auto: bool,
    publisher: Publisher,
    wait: Duration,
}

impl Builder {
    pub(crate) fn for_failures(failures: impl AsRef<Path>) -> Self {
        Builder {
            failures: failures.as_ref().to_owned(),
            logs: None,
            session: None,
            context: Map::new(),
            build: None,
            areas: Areas::default(),
            durability: Durability::default(),
            without_dir: false,
            limits: Limits::default(),
            redactor: Redactor::default(),
            log_filter: None,
            rotation: Rotation::default(),
            trail: Retention::default(),
            trail_filter: None,
            level: LevelFilter::DEBUG,
            level_hint: false,
            on_lost: None,
            notices: Notices::none(),
            rules: Rules::default(),
            reference_required: true,
            error_spans: true,
            panic_hook: true,
            color_eyre: true,
            #[cfg(feature = "publish")]
            publishing: Publishing { auto: false, publisher: Publisher::new(""), wait: Duration::from_secs(10) },
        }
    }

    /// Where the records go; `{dir}/failures` by default.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").failures_dir("/scratch/failures");
    /// # let _ = builder;
    /// ```
    pub fn failures_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.failures = dir.as_ref().to_owned();
        self
    }

    /// Where the runtime log goes; `{dir}/logs` by default.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").logs_dir("/scratch/logs");
    /// # let _ = builder;
    /// ```
    pub fn logs_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.logs = Some(dir.as_ref().to_owned());
        self
    }

    /// Keeps no runtime log.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").without_log();
    /// # let _ = builder;
    /// ```
    pub fn without_log(mut self) -> Self {
        self.logs = None;
        self
    }

    /// The id of this run; a new UUIDv7 by default.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").session_id("night-run-7");
    /// # let _ = builder;
    /// ```
    pub fn session_id(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Adds an entry to the context of every failure. The names that the record uses itself are refused when the
    /// recorder is built.
    ///
    /// ```
    /// let error = tracing_failure::builder("io").context("spans", 3).init().unwrap_err();
    /// assert_eq!(error.to_string(), "the context entry `spans` is the record's own: choose another name");
    /// ```
    pub fn context(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.context.insert(name.into(), value);
        self
    }

    /// What the program knows of itself: [`build_info!`](crate::build_info).
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").build_info(tracing_failure::build_info!());
    /// # let _ = builder;
    /// ```
    pub fn build_info(mut self, build: BuildInfo) -> Self {
        self.build = Some(build);
        self
    }

    /// Adds an area: the first part of the file names of computations that are named so, or whose names hold one of
    /// these words. Own areas come before `rg_flow`, `observable`, `topology` and `general`.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").area("lattice", &["wilson", "plaquette"]);
    /// # let _ = builder;
    /// ```
    pub fn area(mut self, area: &str, names: &[&str]) -> Self {
        self.areas.add(area, names);
        self
    }

    /// What a record survives once it is written; [`Durability::Process`] by default.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").durability(tracing_failure::record::Durability::Disk);
    /// # let _ = builder;
    /// ```
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Whether to go on where the directory of the records cannot be created. The first record tries it again; as long as it
    /// fails, records go to stderr as one line of JSON. By default, setting up fails.
    ///
    /// ```
    /// let logger = tracing_failure::builder("/dev/null").without_log().without_dir(true).logger()?;
    /// # let _ = logger;
    /// # Ok::<(), tracing_failure::InitError>(())
    /// ```
    pub fn without_dir(mut self, goes_on: bool) -> Self {
        self.without_dir = goes_on;
        self
    }

    /// How much of large values is kept.
    ///
    /// ```
    /// let mut limits = tracing_failure::record::Limits::default();
    /// limits.frames = 16;
    /// let builder = tracing_failure::builder("io").limits(limits);
    /// # let _ = builder;
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Redacts the values of this name too. Names such as `password`, `api_key`, `access_token` and `authorization` are
    /// redacted always.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").redact("patient").redact("site");
    /// # let _ = builder;
    /// ```
    pub fn redact(mut self, name: impl Into<String>) -> Self {
        self.redactor.also(name);
        self
    }

    /// Which events are logged, as in `info,solver=debug`; what `RUST_LOG` says by default, else INFO. It concerns neither
    /// failures nor the lines of computations that close.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").log_filter("warn,solver=debug");
    /// # let _ = builder;
    /// ```
    pub fn log_filter(mut self, filter: impl Into<String>) -> Self {
        self.log_filter = Some(filter.into());
        self
    }

    /// When the log begins a new file, and how many it keeps.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").rotation(tracing_failure::Rotation::default());
    /// # let _ = builder;
    /// ```
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.rotation = rotation;
        self
    }

    /// How much of the trail of a computation is kept: of each event with numbers in it, the first and the last
    /// occurrences. 8 and 248 by default, for which a trail takes less than 64 kB for each thread that works in the
    /// computation; it grows and shrinks with them, up to 65,536 each. With 0 and 0 there is no trail, and no breadcrumbs
    /// either.
    ///
    /// Events share this space. Three quarters of it belong to the program's own events, the rest to those of libraries,
    /// and either may use what the other leaves. Among them, short series are complete, and the longest keep fewer
    /// occurrences: still the first and the last. An event is the program's own if its target begins with the same crate
    /// as that of the computation's span, if it was compiled in the same Cargo workspace, or if
    /// [`trail_filter`](Self::trail_filter) asks for more of its target than of others.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").trail(16, 1024);
    /// # let _ = builder;
    /// ```
    pub fn trail(mut self, first: usize, last: usize) -> Self {
        let most = 1 << 16;
        self.trail = Retention { head: first.min(most), tail: last.min(most) };
        self
    }

    /// Which events, and which late values of spans, the trail and the breadcrumbs keep: the same directives as for
    /// [`log_filter`](Self::log_filter). Without a filter, all events up to [`level`](Self::level) are kept. A filter that
    /// only turns targets off, as `h2=off`, keeps all others as without it. Each callsite is judged once.
    ///
    /// A target that is named with more detail than the default, as `my_solver` here, counts as the program's own when
    /// events share the space of the [`trail`](Self::trail).
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").trail_filter("info,my_solver=debug,h2=off");
    /// # let _ = builder;
    /// let error = tracing_failure::builder("io").trail_filter("solver=loud").init().unwrap_err();
    /// assert_eq!(error.to_string(), "trail filter: `solver=loud`: expected `level`, `target` or `target=level`");
    /// ```
    pub fn trail_filter(mut self, filter: impl Into<String>) -> Self {
        self.trail_filter = Some(filter.into());
        self
    }

    /// The most detailed level of spans that can be computations, and of events that the trail keeps; DEBUG by default.
    /// [`init`](Self::init) turns off what is more detailed and not logged: it costs then next to nothing. The span of a
    /// computation that it turns off is reported once on stderr.
    ///
    /// In a stack of your own a layer turns off nothing, since it would do so for all layers, unless
    /// [`level_hint`](Self::level_hint) says that it may.
    ///
    /// ```
    /// use tracing::level_filters::LevelFilter;
    /// let builder = tracing_failure::builder("io").level(LevelFilter::TRACE);
    /// # let _ = builder;
    /// ```
    pub fn level(mut self, level: LevelFilter) -> Self {
        self.level = level;
        self
    }

    /// Lets a [`layer`](Self::layer) in a stack of your own turn off what is more detailed than its
    /// [`level`](Self::level) and its log, for all layers that give no hint of their own.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").level_hint(true);
    /// # let _ = builder;
    /// ```
    pub fn level_hint(mut self, hint: bool) -> Self {
        self.level_hint = hint;
        self
    }

    /// Adds a rule for `suggested_fixes`, beside the built-in ones.
    ///
    /// ```
    /// use tracing_failure::{Rule, ValueTest};
    ///
    /// let rule = Rule::new("lab.field", "{field} T is above what the magnet holds")
    ///     .value("field", ValueTest::Above(12.0));
    /// let builder = tracing_failure::builder("io").rule(rule);
    /// # let _ = builder;
    /// ```
    pub fn rule(mut self, rule: Rule) -> Self {
        // The rule's own errors are no failures of the computation.
        self.rules.guard_threads(|| Box::new(Busy::enter()));
        self.rules.add(rule);
        self
    }

    /// Called when a record could not be written to the store, after it went to stderr. It may fail, log and panic:
    /// the computation that failed notices nothing.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").on_lost(|failure, error| {
    ///     eprintln!("{} is not on disk: {error}", failure.computation);
    /// });
    /// # let _ = builder;
    /// ```
    pub fn on_lost(mut self, callback: impl Fn(&Failure, &io::Error) + Send + Sync + 'static) -> Self {
        self.on_lost = Some(Box::new(callback));
        self
    }

    /// Whether the first failures are announced on stderr, with the path of the record; yes by default.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").stderr_notice(false);
    /// # let _ = builder;
    /// ```
    pub fn stderr_notice(mut self, notice: bool) -> Self {
        self.notices = if notice { Notices::some() } else { Notices::none() };
        self
    }

    /// Whether a computation must give its `theoretical_ref` to be recorded; yes by default.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").reference_required(false);
    /// # let _ = builder;
    /// ```
    pub fn reference_required(mut self, required: bool) -> Self {
        self.reference_required = required;
        self
    }

    /// Whether a computation in a span of ERROR level has failed when the span closes; yes by default.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").error_spans(false);
    /// # let _ = builder;
    /// ```
    pub fn error_spans(mut self, record: bool) -> Self {
        self.error_spans = record;
        self
    }

    /// Whether [`init`](Self::init) puts a panic hook before the one that is there; yes by default.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").panic_hook(false);
    /// # let _ = builder;
    /// ```
    pub fn panic_hook(mut self, install: bool) -> Self {
        self.panic_hook = install;
        self
    }

    /// Whether [`init`](Self::init) installs color-eyre; yes by default. A hook of `eyre` that is installed already
    /// stays, and so does a panic hook of yours.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").color_eyre(false);
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "color-eyre")]
    pub fn color_eyre(mut self, install: bool) -> Self {
        self.color_eyre = install;
        self
    }

    /// Whether records are committed and pushed by themselves, as [`Publisher`] does it; no by default.
    ///
    /// It happens in the background, two seconds after a failure that no other follows, at least every 30 seconds, and
    /// when the guard finishes or is dropped. A thread that fails does not wait for it. It commits nothing but records,
    /// pushes no other commits, runs no hooks and asks for no password. A push that fails is said once on stderr and
    /// counted in [`Stats`](crate::Stats); the next one, of this process or another, takes its records along.
    ///
    /// A branch of its own is the better choice where people work in the same clone: a commit to the current branch moves
    /// HEAD, and a `git commit` whose message is open in an editor at that moment has to be repeated.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").auto_push(true);
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "publish")]
    pub fn auto_push(mut self, push: bool) -> Self {
        self.publishing.auto = push;
        self
    }

    /// Where and how [`auto_push`](Self::auto_push) pushes. The directory is that of the records.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").auto_push(true).publisher(|publisher| publisher.branch("failures"));
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "publish")]
    pub fn publisher(mut self, choose: impl FnOnce(Publisher) -> Publisher) -> Self {
        self.publishing.publisher = choose(self.publishing.publisher);
        self
    }

    /// How long the guard waits for a push when it finishes or is dropped; 10 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// let builder = tracing_failure::builder("io").auto_push(true).push_wait(Duration::from_secs(2));
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "publish")]
    pub fn push_wait(mut self, wait: Duration) -> Self {
        self.publishing.wait = wait;
        self
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("failures", &self.failures).field("logs", &self.logs).finish_non_exhaustive()
    }
}

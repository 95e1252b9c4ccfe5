//! Turns an observation into a record, and writes it to the store.

mod naming;
pub(crate) mod observation;
pub(crate) mod process;
mod stacks;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use uuid::Uuid;

use diagnose::{Rules, diagnose_with, prepend_resolutions, suggest_as_author, suggest_by_region};
use record::internal::{
    Redactor, SCHEMA_VERSION, apply_limits, free_name, is_unrelated, reserved_in_context, returned_nan, returned_texts,
};
use record::{Amendment, Category, Context, ErrorEntry, Failure, Limits, Location, Map, Store, amend};
use region::RegionFile;
use runtime::lock::Renewable;
use runtime::stderr;
use text::{shorten, shorten_to_line, visible, visible_json};

use crate::log::line::{LineContext, write_failure};
use crate::log::runtime_log::RuntimeLog;
use crate::log::successes::Successes;
use crate::observe::backtrace;
use crate::observe::panic_payload::catch_panic;
use crate::observe::thread::{self, Busy};
use crate::recorder::observation::{ComputationContext, Observation, Trigger};
use crate::recorder::stacks::{Naming, Stacks};

/// Maximum number of announced failures.
const MAX_ANNOUNCEMENTS: u64 = 5;

/// Maximum number of characters of a text in an announcement.
const MAX_ANNOUNCED_CHARS: usize = 200;

/// Maximum number of bytes of a text that are searched for a category.
const MAX_CATEGORY_TEXT_BYTES: usize = 4096;

/// Maximum number of messages that a recent failure keeps.
const MAX_RECENT_MESSAGES: usize = 8;

/// Maximum number of recent failures whose paths are kept, for reports that name them.
const MAX_RECENT_FAILURES: usize = 64;

/// Callback for a record that could not be written to the store.
pub(crate) type OnLost = Box<dyn Fn(&Failure, &io::Error) + Send + Sync>;

/// The configuration and state with which a program's records are made. The layers and loggers of the program share it.
pub(crate) struct Recorder {
    pub(crate) store: Store,
    pub(crate) log: Option<RuntimeLog>,
    pub(crate) session: String,
    /// The session as a JSON string.
    pub(crate) session_json: Vec<u8>,
    pub(crate) limits: Limits,
    pub(crate) redactor: Redactor,
    pub(crate) reference_required: bool,
    pub(crate) error_spans: bool,
    pub(crate) successes: Successes,
    /// Context entries of all failures.
    pub(crate) shared_context: Context,
    pub(crate) on_lost: Option<OnLost>,
    pub(crate) notices: Notices,
    pub(crate) counters: Counters,
    pub(crate) rules: Rules,
    /// The regions in which earlier runs failed.
    pub(crate) regions: RegionFile,
    pub(crate) recent: Renewable<VecDeque<RecentRecord>>,
    pub(crate) naming: Naming,
    #[cfg(feature = "publish")]
    pub(crate) auto_push: Option<std::sync::Arc<publish::AutoPush>>,
}

/// Counters of the records and log lines that a program has written.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-stats-{}", std::process::id()));
/// let guard = tracing_failure::init(&dir)?;
/// tracing::error!(computation = "betti_numbers", theoretical_ref = "§3.1", "ranks do not fit");
/// assert_eq!(guard.stats().recorded, 1);
/// assert_eq!(guard.stats().lost, 0);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Failures whose records are in the store.
    pub recorded: u64,
    /// Repeated reports of failures that are already recorded.
    pub repeated: u64,
    /// Records written to stderr because the store could not be written.
    pub diverted: u64,
    /// Records lost because stderr could not be written either, or not within a second.
    pub lost: u64,
    /// ERROR events with only one of `computation` and `theoretical_ref`. The first span of a computation that is more
    /// detailed than [`Builder::level`](crate::Builder::level) counts as one more.
    pub near_misses: u64,
    /// Panics without a record because they belong to no computation.
    pub unclaimed_panics: u64,
    /// Lines of the runtime log that the operating system has accepted.
    pub log_lines: u64,
    /// Lost lines of the runtime log.
    pub log_lines_lost: u64,
    /// Failed attempts to update `latest.json`. The records themselves are written.
    pub latest_failed: u64,
    /// Pushes by [`Builder::auto_push`](crate::Builder::auto_push) that brought records to the remote.
    #[cfg(feature = "publish")]
    pub pushes: u64,
    /// Failed pushes. Their records are on disk, and the next push includes them.
    #[cfg(feature = "publish")]
    pub pushes_failed: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    recorded: AtomicU64,
    repeated: AtomicU64,
    diverted: AtomicU64,
    lost: AtomicU64,
    near_misses: AtomicU64,
    near_miss_reported: AtomicBool,
    too_detailed_reported: AtomicBool,
    unclaimed_panics: AtomicU64,
}

/// A recent failure and the path of its record.
#[derive(Debug)]
pub(crate) struct RecentRecord {
    id: Uuid,
    path: PathBuf,
    messages: Vec<String>,
    is_reported: bool,
}

/// The announcements of failures on stderr.
#[derive(Debug)]
pub(crate) struct Notices {
    enabled: bool,
    remaining: AtomicU64,
}

impl Notices {
    /// Announces the first few failures.
    pub(crate) fn on() -> Self {
        Notices { enabled: true, remaining: AtomicU64::new(MAX_ANNOUNCEMENTS) }
    }

    pub(crate) fn off() -> Self {
        Notices { enabled: false, remaining: AtomicU64::new(0) }
    }
}

impl Recorder {
    /// Returns the context for writing log lines, if there is a log.
    pub(crate) fn line_context(&self) -> Option<LineContext<'_>> {
        self.log.as_ref().map(|log| LineContext {
            log,
            limits: &self.limits,
            redactor: &self.redactor,
            successes: self.successes,
            session_json: &self.session_json,
        })
    }

    /// Returns true if the log accepts events and spans of this callsite.
    pub(crate) fn logs(&self, meta: &Metadata<'_>) -> bool {
        self.log.as_ref().is_some_and(|log| log.filter().enables(meta))
    }

    /// Writes the record of an observation. The id is valid even if the record did not reach the store.
    pub(crate) fn record(
        self: &Arc<Self>,
        observation: Observation,
        context: ComputationContext,
    ) -> (Uuid, io::Result<PathBuf>) {
        let trigger = observation.trigger;
        let (mut failure, stacks) = self.assemble(observation, context);
        self.redactor.except_stacks(&mut failure);
        self.complete(&mut failure);
        if !stacks.is_unresolved() {
            return self.write(&failure, trigger);
        }
        // Reading debug information may take long or exhaust the memory, so the record is written first.
        let _ = self.store.write_first(&failure);
        self.write_named(failure, stacks, |failure| self.write(failure, trigger))
    }

    /// Writes the record of a failure that the caller has assembled, and fills in the entries that it lacks.
    pub(crate) fn record_described(&self, mut failure: Failure) -> (Uuid, io::Result<PathBuf>) {
        self.redactor.failure(&mut failure);
        let category = failure.determine_category();
        let Failure { context, error_message, stack_trace, .. } = &mut failure;
        let messages =
            context.errors.iter_mut().flat_map(|error| std::iter::once(&mut error.message).chain(&mut error.notes));
        for text in messages.chain([error_message, stack_trace]) {
            if text.len() > self.limits.text {
                *text = shorten(text, self.limits.text).into_owned();
            }
        }
        context.category.get_or_insert(category);
        context.thread.get_or_insert_with(thread::name);
        context.other = avoid_reserved(std::mem::take(&mut context.other));
        self.complete(&mut failure);
        self.write(&failure, Trigger::Call)
    }

    /// Writes a complete record.
    fn write(&self, failure: &Failure, trigger: Trigger) -> (Uuid, io::Result<PathBuf>) {
        let id = failure.context.id.unwrap_or_default();
        let written = self.store.write(failure);
        match &written {
            Ok(path) => self.on_written(failure, trigger, path),
            Err(error) => self.divert(failure, trigger, error),
        }
        // The layer writes the line of an event. All other failures need one here.
        if let Some(line) = self.line_context()
            && trigger != Trigger::Event
        {
            write_failure(failure, &line);
            line.log.flush();
        }
        (id, written)
    }

    /// Builds the record of an observation.
    fn assemble(&self, mut observation: Observation, around: ComputationContext) -> (Failure, Stacks) {
        let (category, reason) = categorize(&observation);
        observation.add_check();
        let error_type = observation.error_type.as_deref().or_else(|| observation.error.error_type());
        let error_type = error_type.unwrap_or_else(|| fallback_error_type(&observation)).to_owned();
        let error_message = observation.error.message().unwrap_or(&observation.message);
        let error_message = shorten(error_message, self.limits.text).into_owned();
        let (mut stack, thread) = match &observation.panic {
            Some(panic) => (panic.trace.named(self.limits.frames), panic.thread.clone()),
            None => (backtrace::capture(self.limits.frames), thread::name()),
        };
        stack.set_exit_line(observation.exit_line);
        let described = observation.attribution.map(|attribution| attribution.describe(self.limits.frames));
        let (panic_origin, raised) = described.unzip();
        let mut failure = Failure::new(around.computation, around.theoretical_ref, error_type, error_message);
        failure.timestamp = observation.at;
        failure.parameters = around.parameters;
        let context = &mut failure.context;
        context.category = Some(category);
        context.reason = reason;
        context.thread = Some(thread);
        context.event = observation.event;
        context.caused_by = around.caused_by;
        context.panic_origin = panic_origin;
        context.elapsed_s = around.elapsed_s;
        context.trail = around.history.trail;
        context.breadcrumbs = around.history.breadcrumbs;
        context.errors_cut = observation.error.cut;
        context.errors = observation.error.entries;
        context.spans = around.spans;
        context.location = (observation.location != Location::default()).then_some(observation.location);
        let mut stacks = Stacks { failure: stack, raised: raised.unwrap_or_default() };
        stacks.redact(&self.redactor);
        stacks.write_into(&mut failure);
        suggest_as_author(&mut failure, observation.error.suggestions);
        (failure, stacks)
    }

    /// Adds the process, the fingerprint, earlier resolutions and suggestions.
    fn complete(&self, failure: &mut Failure) {
        runtime::fork::detect();
        let context = &mut failure.context;
        context.id.get_or_insert_with(|| record::time::id_at(failure.timestamp));
        context.schema_version = Some(SCHEMA_VERSION);
        context.session_id.get_or_insert_with(|| self.session.clone());
        let shared = &self.shared_context;
        context.process = context.process.take().or_else(|| shared.process.clone()).map(process::of_this_process);
        context.build = context.build.take().or_else(|| shared.build.clone());
        context.rank = context.rank.or(shared.rank);
        context.world_size = context.world_size.or(shared.world_size);
        context.job_id = context.job_id.take().or_else(|| shared.job_id.clone());
        context.other.add_missing(&shared.other, |_| true);
        apply_limits(failure, &self.limits);
        let fingerprint = failure.fingerprint().into_owned();
        prepend_resolutions(failure, self.store.past_fixes(&fingerprint));
        failure.context.fingerprint = Some(fingerprint);
        diagnose_with(failure, &self.rules);
        if let Some(region) = self.regions.region_of(&failure.computation, &failure.parameters) {
            suggest_by_region(failure, &region);
        }
    }

    fn on_written(&self, failure: &Failure, trigger: Trigger, path: &Path) {
        self.counters.recorded.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "publish")]
        if let Some(auto_push) = &self.auto_push {
            auto_push.notify();
        }
        if let (Some(id), Some(mut recent)) = (failure.context.id, self.recent.lock()) {
            if recent.len() == MAX_RECENT_FAILURES {
                recent.pop_front();
            }
            let errors = failure.context.errors.iter().map(|error| error.message.clone());
            let messages = errors.chain([failure.error_message.clone()]).take(MAX_RECENT_MESSAGES).collect();
            recent.push_back(RecentRecord { id, path: path.to_owned(), messages, is_reported: false });
        }
        // A panic is announced after the hooks that print it.
        if trigger != Trigger::Panic {
            self.announce(failure, path);
        }
    }

    fn announce(&self, failure: &Failure, path: &Path) {
        let remaining = &self.notices.remaining;
        let updated = remaining.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        let Ok(remaining) = updated else { return };
        let more = if remaining == 1 { ", and so are those that follow" } else { "" };
        stderr::print(format_args!(
            "{} failed: {}\n  recorded in {}{more}",
            shorten_to_line(&failure.computation, MAX_ANNOUNCED_CHARS),
            shorten_to_line(&failure.error_message, MAX_ANNOUNCED_CHARS),
            stderr::relative_path(path)
        ));
    }

    /// Prints the path of a panic's record.
    pub(crate) fn announce_panic(&self, id: Uuid) {
        let path = self
            .recent
            .lock()
            .and_then(|recent| recent.iter().find(|recent| recent.id == id).map(|recent| recent.path.clone()));
        if let Some(path) = path
            && self.notices.enabled
        {
            stderr::print(format_args!("\nThe panic is recorded in {}", stderr::relative_path(&path)));
        }
    }

    /// Writes the record to stderr as one line of JSON, because the store could not be written.
    fn divert(&self, failure: &Failure, trigger: Trigger, error: &io::Error) {
        let (error_text, json) = (error.to_string(), failure.to_json_line());
        let line = format!("tracing-failure: {}; the record:\n{}\n", visible(&error_text), visible_json(&json));
        let counter = match stderr::try_line(line) {
            Ok(()) => &self.counters.diverted,
            Err(_) => &self.counters.lost,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if let Some(on_lost) = &self.on_lost {
            // The callback must not capture events, and its panics must not replace the error of the computation.
            let call = || {
                let _busy = Busy::enter();
                let _ = catch_panic(|| on_lost(failure, error));
            };
            match trigger {
                // A second panic on this thread would abort the process.
                Trigger::Panic => std::thread::scope(|scope| {
                    let _ = std::thread::Builder::new()
                        .stack_size(2 << 20)
                        .spawn_scoped(scope, call)
                        .map(|thread| thread.join());
                }),
                _ => call(),
            }
        }
    }

    pub(crate) fn count_repeat(&self) {
        self.counters.repeated.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts and reports the first computation whose span is more detailed than the level.
    pub(crate) fn report_too_detailed(&self, meta: &Metadata<'_>, level: LevelFilter) {
        if self.counters.too_detailed_reported.swap(true, Ordering::Relaxed) {
            return;
        }
        self.counters.near_misses.fetch_add(1, Ordering::Relaxed);
        stderr::print(format_args!(
            "tracing-failure: failures in the span `{}` at {}:{} are not recorded: its level {} is more detailed \
             than {level}. Use `Builder::level`, or a coarser level for the span. Further spans are not reported.",
            meta.name(),
            meta.file().unwrap_or("an unknown file"),
            meta.line().unwrap_or(0),
            meta.level(),
        ));
    }

    /// Counts an error without a record. Only the first one is written to stderr.
    pub(crate) fn report_near_miss(&self, has_computation: bool, location: &Location) {
        self.counters.near_misses.fetch_add(1, Ordering::Relaxed);
        if self.counters.near_miss_reported.swap(true, Ordering::Relaxed) {
            return;
        }
        let missing = if has_computation { "theoretical_ref" } else { "computation" };
        let file = location.file.as_deref().unwrap_or("an unknown file");
        let line = location.line.unwrap_or(0);
        stderr::print(format_args!(
            "tracing-failure: error at {file}:{line} not recorded: field `{missing}` is missing from the event and its \
             spans. Further cases are counted in Stats::near_misses."
        ));
    }

    /// Counts a panic without a computation. Only the first one is written to stderr.
    pub(crate) fn report_unclaimed_panic(&self, location: &Location) {
        if self.counters.unclaimed_panics.fetch_add(1, Ordering::Relaxed) > 0 || !self.notices.enabled {
            return;
        }
        let file = location.file.as_deref().unwrap_or("an unknown file");
        let line = location.line.unwrap_or(0);
        stderr::print(format_args!(
            "tracing-failure: panic at {file}:{line} not recorded: it belongs to no computation. Further cases are \
             counted in Stats::unclaimed_panics."
        ));
    }

    /// Returns the path of the recent failure with this id or one of these messages, once per failure.
    pub(crate) fn take_unreported_path(&self, id: Option<Uuid>, messages: &[String]) -> Option<PathBuf> {
        let messages: Vec<_> = messages.iter().map(|message| self.redactor.text(message)).collect();
        let mut recent = self.recent.lock()?;
        let found = recent.iter_mut().rev().find(|recent| match id {
            Some(id) => recent.id == id,
            None => recent
                .messages
                .iter()
                .any(|message| !message.is_empty() && messages.iter().any(|known| known == message)),
        })?;
        (!std::mem::replace(&mut found.is_reported, true)).then(|| found.path.clone())
    }

    /// Adds parameters to a recent record of this process.
    pub(crate) fn add_parameters(&self, id: Uuid, parameters: &Map) {
        let path = |recent: &VecDeque<RecentRecord>| {
            recent.iter().find(|recent| recent.id == id).map(|recent| recent.path.clone())
        };
        let Some(path) = self.recent.lock().and_then(|recent| path(&recent)) else { return };
        if let Err(error) = amend(&path, &Amendment::of_parameters(parameters.clone())) {
            stderr::print(format_args!(
                "tracing-failure: arguments not added to {}: {error}",
                stderr::relative_path(&path)
            ));
        }
    }

    /// Passes log lines and `latest.json` to the operating system.
    pub(crate) fn flush(&self) {
        if let Some(log) = &self.log {
            log.flush();
        }
        let _ = self.store.flush();
    }

    /// Flushes, and pushes the pending records.
    pub(crate) fn finish(&self) {
        self.flush();
        self.store.wait_for_tidying();
        #[cfg(feature = "publish")]
        if let Some(auto_push) = &self.auto_push {
            auto_push.finish();
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        #[cfg(feature = "publish")]
        let (pushes, pushes_failed) = self.auto_push.as_ref().map_or((0, 0), |auto_push| auto_push.counts());
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            recorded: count(&self.counters.recorded),
            repeated: count(&self.counters.repeated),
            diverted: count(&self.counters.diverted),
            lost: count(&self.counters.lost),
            near_misses: count(&self.counters.near_misses),
            unclaimed_panics: count(&self.counters.unclaimed_panics),
            log_lines: self.log.as_ref().map_or(0, RuntimeLog::lines_written),
            latest_failed: self.store.latest_failed(),
            log_lines_lost: self.log.as_ref().map_or(0, RuntimeLog::lines_lost),
            #[cfg(feature = "publish")]
            pushes,
            #[cfg(feature = "publish")]
            pushes_failed,
        }
    }
}

/// Renames context entries that use a reserved name, because a record must not have a key twice.
fn avoid_reserved(entries: Map) -> Map {
    let mut renamed = Map::new();
    for (name, value) in entries.iter() {
        let name = if reserved_in_context(name) { free_name(name, &entries) } else { name.to_owned() };
        renamed.insert(name, value.clone());
    }
    renamed
}

/// Returns the error type if the error has none.
fn fallback_error_type(observation: &Observation) -> &'static str {
    match observation.trigger {
        Trigger::Panic => "Panic",
        Trigger::SpanClose => "ErrorSpan",
        Trigger::Event if observation.error.entries.is_empty() => "ErrorEvent",
        Trigger::Event | Trigger::Call => "Error",
    }
}

/// Returns the category and the reason. The category is the named one, otherwise that of a failed check, otherwise the
/// first that types and messages indicate, from the root of the chain. The reason is in the words of the library that
/// failed.
fn categorize(observation: &Observation) -> (Category, Option<String>) {
    let reason = observation.reason.clone().or_else(|| observation.error.reason().map(str::to_owned));
    if let Some(named) = &observation.category {
        return match Category::from_name(named) {
            Some(category) => (category, reason),
            None => (Category::Other, reason.or_else(|| Some(named.clone()))),
        };
    }
    if let Some(check) = &observation.error.check {
        return (check.category(), reason);
    }
    // Other text fields of the event count too, such as `status = %solver.status()`.
    let fields = observation.event.iter().filter_map(|(_, value)| value.as_str());
    let errors = &observation.error.entries;
    let reasons = observation.reason.as_deref().into_iter().chain(observation.error_type.as_deref());
    let of_result = returned_texts(&observation.event).into_iter().map(|(_, text)| text);
    let texts = reasons.chain(names(errors)).chain(messages(errors)).chain([observation.message.as_str()]);
    let category = find_category(texts.chain(fields).chain(of_result))
        .or_else(|| returned_nan(&observation.event).then_some(Category::NonFinite))
        .or_else(|| names(errors).find_map(Category::of_name));
    let fallback = if observation.trigger == Trigger::Panic { Category::Panic } else { Category::Other };
    (category.unwrap_or(fallback), reason)
}

/// Returns the names of the errors of a chain, the root first: variants, then types.
fn names(errors: &[ErrorEntry]) -> impl Iterator<Item = &str> {
    let from_root = || errors.iter().rev();
    // The Python module is left out: `scipy.stats._axis_nan_policy` does not describe the error.
    let types = from_root().filter_map(|error| error.type_name.as_deref()?.rsplit('.').next());
    from_root().filter_map(|error| error.variant.as_deref()).chain(types)
}

/// Returns the messages of the errors, the root first.
fn messages(errors: &[ErrorEntry]) -> impl Iterator<Item = &str> {
    errors.iter().rev().map(|error| error.message.as_str())
}

fn find_category<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Category> {
    let mut related = texts.filter(|text| !is_unrelated(text));
    related.find_map(|text| Category::of_text(&shorten(text, MAX_CATEGORY_TEXT_BYTES)))
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("store", &self.store).field("log", &self.log).finish_non_exhaustive()
    }
}

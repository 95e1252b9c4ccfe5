//! Captures a stack as addresses, and names the addresses for a record. Names are cached by address.
//!
//! A failing thread takes the addresses and the cached names. A separate thread reads the other names; see `naming.rs`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::observe::hash::NumberHasher;
use crate::observe::thread::Busy;
use crate::observe::unwinder;
use record::Frame;
use runtime::background;
use runtime::lock::Renewable;

/// Maximum number of frames of this crate, of `tracing` and of the panic machinery above the first frame of the user.
const MAX_MACHINERY_FRAMES: usize = 48;

/// Functions between the failure and this crate, besides those of the standard library.
const MACHINERY_NAMES: &[&str] = &[
    "tracing_failure::",
    "tracing_core::",
    "tracing_subscriber::",
    "tracing_log::",
    "tracing::",
    "backtrace::",
    "rust_begin_unwind",
    "rust_panic",
    "__rustc::",
    "__rust_try",
    "std::",
    "core::",
    "alloc::",
];

/// The packages of these functions. If the debug information has line tables only, inlined functions have no path.
const MACHINERY_PACKAGES: &[&str] =
    &["tracing", "tracing-core", "tracing-error", "tracing-log", "tracing-subscriber", "backtrace", "scoped-tls-hkt"];

/// The packages of the recorder.
const RECORDER_PACKAGES: &[&str] = &[
    "tracing-failure",
    "tracing-failure-diagnose",
    "tracing-failure-publish",
    "tracing-failure-record",
    "tracing-failure-runtime",
    "tracing-failure-text",
];

/// The source directories of the recorder's packages in its own workspace, as the compiler sees them. Examples and
/// tests next to them are programs.
const RECORDER_SOURCES: [&str; 2] =
    [concat!(env!("CARGO_MANIFEST_DIR"), "/src/"), concat!(env!("CARGO_MANIFEST_DIR"), "/crates/")];

/// The function that starts a program or thread. The user's code ends here.
const START_FUNCTION: &str = "__rust_begin_short_backtrace";

/// The function that reports the failure of an annotated function.
const REPORT_FUNCTION: &str = "tracing_failure::attribute::call::fail";

/// Crates whose frames do not belong to the user's code.
const LIBRARIES: &[&str] = &[
    "std",
    "core",
    "alloc",
    "tracing",
    "tracing_core",
    "tracing_subscriber",
    "tracing_failure",
    "tracing_failure_diagnose",
    "tracing_failure_publish",
    "tracing_failure_record",
    "tracing_failure_runtime",
    "tracing_failure_text",
    "backtrace",
];

/// A named frame and its role.
#[derive(Debug)]
struct Symbol {
    frame: Frame,
    is_machinery: bool,
    /// True for functions of the recorder.
    is_recorder: bool,
    /// True for the function that reports the failure of an annotated function. It is called by that function.
    is_report: bool,
    is_start: bool,
    landmark: Option<Landmark>,
}

/// A function at which a panic stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Landmark {
    /// Rayon runs a job, and catches its panics.
    Job,
    /// The standard library catches a panic.
    Catch,
    /// Rayon catches a panic and resumes it later.
    RayonCatch,
}

/// The frames of one address. There are several if functions were inlined.
type Symbols = Arc<[Symbol]>;

static NAME_CACHE: Renewable<Option<HashMap<usize, Symbols, BuildHasherDefault<NumberHasher>>>> = Renewable::none();

/// Known addresses in functions that start a program or thread. The walk ends there.
static STARTS: [AtomicUsize; 4] = [const { AtomicUsize::new(0) }; 4];

/// Maximum time that a thread waits for its turn to read names. No failing thread waits for it.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Consecutive stacks without an unknown address after which the debug information is released. It takes 40 MB or more.
const RELEASE_AFTER: u32 = 64;

static KNOWN_STACKS_IN_A_ROW: AtomicU32 = AtomicU32::new(0);

/// Locked by a thread that names a stack, so that the debug information is not released meanwhile.
static NAMING: Renewable<()> = Renewable::new();

/// The stack of a thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack {
    /// The user's frames, innermost first.
    pub(crate) frames: Vec<Frame>,
    /// The reason why frames or names are missing.
    pub(crate) gap: Option<&'static str>,
    /// The addresses, if [`Stack::resolve`] can name more of them.
    unresolved: Option<RawFrames>,
    /// The line at which the innermost function ended, if the debug information cannot know it.
    exit_line: Option<u32>,
    /// The time that the thread waited for the addresses.
    pub(crate) waited: Duration,
}

#[derive(Clone, Debug)]
struct RawFrames {
    addresses: Vec<usize>,
    limit: usize,
}

/// The addresses of a thread's stack, which another thread may name later, or the reason why there are none.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    addresses: Result<Vec<usize>, &'static str>,
    waited: Duration,
    jobs: Jobs,
}

/// The rayon jobs in a trace. A thread that waits in a job runs other jobs on top of its stack, of any computation.
#[derive(Clone, Copy, Debug, Default)]
struct Jobs {
    number: usize,
    /// The indices of the innermost job and of the thread's first function.
    innermost: usize,
    end: usize,
    /// True if the panics of the innermost job may be caught inside it.
    is_caught: bool,
}

/// Number of user frames in a trace whose limit is not known yet. Rayon jobs are far apart.
pub(crate) const MAX_TRACE_FRAMES: usize = 400;

/// Captures the stack of the current thread, with the cached names.
///
/// This reads no debug information, which takes much time and memory. A record is written before that.
pub(crate) fn capture(limit: usize) -> Stack {
    trace(limit).named(limit)
}

/// Captures the addresses of the current thread's stack, up to the depth at which rayon jobs are searched.
pub(crate) fn trace_with_jobs() -> Trace {
    let mut trace = trace(MAX_TRACE_FRAMES);
    trace.find_jobs();
    trace
}

/// Captures the addresses of the current thread's stack.
pub(crate) fn trace(limit: usize) -> Trace {
    let started = Instant::now();
    let access = unwinder::enter(unwinder::TURN_TIMEOUT);
    let waited = started.elapsed();
    let access = match access {
        Ok(access) => access,
        Err(gap) => return Trace { addresses: Err(gap), waited, jobs: Jobs::default() },
    };
    let mut addresses = Vec::with_capacity(64);
    backtrace::trace(|frame| {
        let address = frame.ip().addr();
        addresses.push(address);
        let starts = STARTS.iter().any(|start| start.load(Ordering::Relaxed) == address);
        !starts && addresses.len() < limit + MAX_MACHINERY_FRAMES
    });
    if NAMING.is_free() && KNOWN_STACKS_IN_A_ROW.fetch_add(1, Ordering::Relaxed) == RELEASE_AFTER {
        backtrace::clear_symbol_cache();
    }
    drop(access);
    Trace { addresses: Ok(addresses), waited, jobs: Jobs::default() }
}

impl Trace {
    /// Searches rayon jobs. This needs names; if reading them takes too long, it finds no job.
    fn find_jobs(&mut self) {
        let Ok(addresses) = &self.addresses else { return };
        let started = Instant::now();
        let timeout = unwinder::TURN_TIMEOUT.saturating_sub(self.waited);
        if let Some(named) = names_within(addresses, timeout) {
            self.jobs = Jobs::of(&named);
        }
        self.waited += started.elapsed();
    }

    /// Returns the frames of the innermost job if the thread runs it while it waits in another one. Spans on the thread
    /// may then have been entered in either job.
    pub(crate) fn inner_job(&self) -> Option<&[usize]> {
        let frames = self.jobs.innermost..self.jobs.end;
        if self.jobs.number > 1 { self.addresses.as_ref().ok()?.get(frames) } else { None }
    }

    /// Returns true if a panic of this trace may be caught before its job ends.
    pub(crate) fn is_caught_in_job(&self) -> bool {
        self.jobs.is_caught
    }

    /// Returns the stack with the cached names.
    pub(crate) fn named(&self, limit: usize) -> Stack {
        let waited = self.waited;
        let addresses = match &self.addresses {
            Ok(addresses) => addresses,
            Err(gap) => return Stack { gap: Some(gap), waited, ..Stack::default() },
        };
        // Usually all names are cached. Then one lookup suffices, and only the user's frames are copied.
        let known = NAME_CACHE.lock().and_then(|named| {
            let named = named.as_ref()?;
            let known = addresses.iter().map_while(|address| named.get(address).map(|symbols| &**symbols));
            let known: Vec<&[Symbol]> = known.collect();
            (known.len() == addresses.len()).then(|| frames(&known, limit))
        });
        if let Some(frames) = known {
            return Stack { frames, waited, ..Stack::default() };
        }
        let named: Vec<Symbols> =
            addresses.iter().map(|&address| known_name(address).unwrap_or_else(|| unnamed(address))).collect();
        let frames = frames(&named.iter().map(|symbols| &**symbols).collect::<Vec<_>>(), limit);
        let unresolved = Some(RawFrames { addresses: addresses.clone(), limit });
        Stack { frames, gap: Some(unwinder::UNREAD), unresolved, waited, ..Stack::default() }
    }
}

impl Stack {
    /// Returns true if reading the debug information would name more frames.
    pub(crate) fn is_unresolved(&self) -> bool {
        self.unresolved.is_some()
    }

    /// Names all frames if there is enough memory. This may read debug information, which takes long, and waits for
    /// other threads that do so.
    pub(crate) fn resolve(&mut self, turn: Duration) {
        let Some(RawFrames { addresses, limit }) = self.unresolved.take() else { return };
        let named = if unwinder::has_memory() { names(&addresses, turn) } else { Err(unwinder::TOO_LITTLE_MEMORY) };
        self.gap = named.as_ref().err().copied();
        if let Ok(named) = named {
            self.frames = frames(&named.iter().map(|symbols| &**symbols).collect::<Vec<_>>(), limit);
            self.set_exit_line(self.exit_line);
        }
    }

    /// Sets the line at which the innermost function ended. An annotated function reports its failure after its end, at
    /// the line of the attribute.
    pub(crate) fn set_exit_line(&mut self, line: Option<u32>) {
        self.exit_line = line;
        if let (Some(line), Some(frame)) = (line, self.frames.first_mut().filter(|frame| frame.line.is_some())) {
            frame.line = Some(line);
        }
    }

    /// Returns the stack as text.
    pub(crate) fn text(&self) -> String {
        match self.gap {
            Some(gap) => format!("[{gap}]\n{}", text(&self.frames)),
            None => text(&self.frames),
        }
    }
}

/// Returns true unless a thread holds a lock that captures need.
pub(crate) fn locks_are_free() -> bool {
    unwinder::is_free() && NAME_CACHE.is_free()
}

impl Jobs {
    fn of(named: &[Symbols]) -> Self {
        let has = |symbols: &Symbols, landmark| symbols.iter().any(|symbol| symbol.landmark == Some(landmark));
        let number_in = |named: &[Symbols], landmark| named.iter().filter(|symbols| has(symbols, landmark)).count();
        let Some(innermost) = named.iter().position(|symbols| has(symbols, Landmark::Job)) else {
            return Jobs::default();
        };
        let inside = &named[..innermost];
        let is_caught = number_in(inside, Landmark::Catch) > number_in(inside, Landmark::RayonCatch);
        Jobs { number: number_in(named, Landmark::Job), innermost, end: named.len(), is_caught }
    }
}

fn frames(named: &[&[Symbol]], limit: usize) -> Vec<Frame> {
    let symbols = || named.iter().flat_map(|symbols| symbols.iter());
    let reported = symbols().take(MAX_MACHINERY_FRAMES).position(|symbol| symbol.is_report).unwrap_or(0);
    let first = symbols().skip(reported).position(|symbol| !symbol.is_machinery).map_or(0, |index| reported + index);
    let user = symbols().skip(first).take_while(|symbol| !symbol.is_start);
    let mut frames = without_recorder(user, limit);
    while frames.last().is_some_and(is_call_of_start) {
        frames.pop();
    }
    frames
}

/// Returns the frames without those of the recorder. The body of an annotated function is a closure, which the function
/// calls through the recorder: its frame gets the name of the function, as if it were not annotated.
fn without_recorder<'a>(symbols: impl Iterator<Item = &'a Symbol>, limit: usize) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut machinery: Vec<&Symbol> = Vec::new();
    let mut is_in_call = false;
    for symbol in symbols {
        if frames.len() >= limit {
            break;
        }
        if symbol.is_machinery {
            machinery.push(symbol);
            continue;
        }
        let through_recorder = machinery.iter().any(|symbol| symbol.is_recorder);
        let body = frames.last_mut().filter(|body| is_closure_of(body, &symbol.frame, through_recorder));
        is_in_call = body.is_some() && (through_recorder || (is_in_call && !machinery.is_empty()));
        match body {
            Some(body) if is_in_call => {
                let (with_path, called) = (without_closures(&body.function), &symbol.frame.function);
                let is_longer = with_path.len() > called.len() && with_path.ends_with(&**called);
                body.function = if is_longer { with_path.to_owned().into() } else { called.clone() };
            }
            _ => {
                if !through_recorder {
                    frames.extend(machinery.iter().map(|symbol| symbol.frame.clone()));
                }
                frames.push(symbol.frame.clone());
            }
        }
        machinery.clear();
    }
    if !machinery.iter().any(|symbol| symbol.is_recorder) {
        frames.extend(machinery.iter().map(|symbol| symbol.frame.clone()));
    }
    frames.truncate(limit);
    frames
}

/// Returns true if a frame belongs to the function of the other one, or to a closure in it.
///
/// The debug information names inlined functions without a path, and inlined closures without their function.
fn is_closure_of(body: &Frame, function: &Frame, through_recorder: bool) -> bool {
    let (of_body, of_function) = (without_closures(&body.function), without_closures(&function.function));
    let may_be_closure = || {
        let is_inlined = !of_function.contains("::") && of_body.rsplit("::").next() == Some(of_function);
        is_inlined || of_body.starts_with("{closure#")
    };
    of_body == of_function || (through_recorder && body.file == function.file && may_be_closure())
}

fn without_closures(mut function: &str) -> &str {
    while let Some(outer) = function.strip_suffix("::{{closure}}") {
        function = outer;
    }
    function
}

/// Returns true if the frame is `FnOnce::call_once`, through which a program or thread calls its first function.
fn is_call_of_start(frame: &Frame) -> bool {
    let file = frame.file.as_deref().unwrap_or_default().replace('\\', "/");
    frame.function.starts_with("core::ops::function::") || file.ends_with("/core/src/ops/function.rs")
}

/// Returns the names of the addresses up to the start of the user's code. The debug information beyond it, mainly that
/// of the C library, is not needed.
fn names(addresses: &[usize], turn: Duration) -> Result<Vec<Symbols>, &'static str> {
    let _naming = NAMING.lock_within(turn).ok_or(unwinder::BUSY)?;
    let mut named = Vec::with_capacity(addresses.len());
    for &address in addresses {
        let symbols = match known_name(address) {
            Some(symbols) => symbols,
            None => name(address, turn)?,
        };
        let starts = symbols.iter().any(|symbol| symbol.is_start);
        named.push(symbols);
        if starts {
            break;
        }
    }
    Ok(named)
}

/// Reads names on another thread, which continues after the timeout.
fn names_within(addresses: &[usize], timeout: Duration) -> Option<Vec<Symbols>> {
    if addresses.iter().all(|&address| known_name(address).is_some()) {
        return names(addresses, timeout).ok();
    }
    if !unwinder::has_memory() {
        return None;
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    let addresses = addresses.to_vec();
    let name = move || {
        let _busy = Busy::enter();
        let _ = sender.send(names(&addresses, READ_TIMEOUT));
    };
    background::run(name).ok()?;
    receiver.recv_timeout(timeout).ok()?.ok()
}

fn known_name(address: usize) -> Option<Symbols> {
    NAME_CACHE.lock()?.as_ref()?.get(&address).cloned()
}

/// The symbol of an address without a name.
fn unnamed(address: usize) -> Symbols {
    let frame = Frame::new(format!("{address:#x}"));
    let (is_machinery, is_recorder, is_report, is_start) = (false, false, false, false);
    [Symbol { is_machinery, is_recorder, is_report, is_start, landmark: None, frame }].into()
}

/// Reads the name of an address from the debug information. Other threads may capture stacks between two calls.
fn name(address: usize, turn: Duration) -> Result<Symbols, &'static str> {
    let _access = unwinder::enter(turn)?;
    KNOWN_STACKS_IN_A_ROW.store(0, Ordering::Relaxed);
    let mut symbols = Vec::new();
    backtrace::resolve(std::ptr::without_provenance_mut(address), |symbol| {
        let function = symbol.name().map_or_else(|| format!("{address:#x}"), |name| format!("{name:#}"));
        let file = symbol.filename().map(|file| file.to_string_lossy().into_owned());
        // Names are never freed, so records need no copies of them.
        let [function, file] = [Some(function), file].map(|text| text.map(|text| &*text.leak()));
        let (function, line) = (function.unwrap_or_default(), symbol.lineno());
        let mut frame = Frame::new(function);
        frame.in_app = is_in_app(function, file);
        frame.line = line;
        frame.file = file.map(Cow::Borrowed);
        symbols.push(Symbol {
            is_machinery: is_machinery(function, file),
            is_recorder: is_recorder(function, file),
            is_report: function == REPORT_FUNCTION,
            is_start: function.contains(START_FUNCTION),
            landmark: landmark(function),
            frame,
        });
    });
    if symbols.iter().any(|symbol: &Symbol| symbol.is_start) {
        add_start(address);
    }
    let symbols: Symbols = symbols.into();
    if let Some(mut named) = NAME_CACHE.lock() {
        named.get_or_insert_default().insert(address, Arc::clone(&symbols));
    }
    Ok(symbols)
}

/// Stores the address in the first free entry, if there is one.
fn add_start(address: usize) {
    for start in &STARTS {
        if start.compare_exchange(0, address, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return;
        }
    }
}

fn landmark(function: &str) -> Option<Landmark> {
    match function {
        _ if function.ends_with(" as rayon_core::job::Job>::execute") => Some(Landmark::Job),
        _ if function.contains("__rust_try") => Some(Landmark::Catch),
        _ if function.starts_with("rayon_core::unwind::halt_unwinding") => Some(Landmark::RayonCatch),
        _ => None,
    }
}

fn is_machinery(function: &str, file: Option<&str>) -> bool {
    let function = function.trim_start_matches(['<', '&']);
    MACHINERY_NAMES.iter().any(|name| function.starts_with(name))
        || function.contains(" as tracing")
        || file.is_some_and(|file| Owner::of(file).is_machinery())
}

fn is_recorder(function: &str, file: Option<&str>) -> bool {
    function.trim_start_matches(['<', '&']).starts_with("tracing_failure::")
        || file.is_some_and(|file| Owner::of(file).is_recorder())
}

/// Returns true if the code belongs neither to the standard library nor to a package from a registry or a Cargo
/// checkout.
fn is_in_app(function: &str, file: Option<&str>) -> bool {
    let name = function.trim_start_matches(['<', '&', '_']);
    let krate = name.split([':', '<', ' ']).next().unwrap_or_default();
    match file.map(|file| (Owner::of(file), file)) {
        Some((Owner::Program, file)) if !name.contains("::") => file.ends_with(".rs"),
        Some((Owner::Program, _)) | None => name.contains("::") && !LIBRARIES.contains(&krate),
        Some(_) => false,
    }
}

/// The origin of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Owner {
    StandardLibrary,
    /// A package of the recorder.
    Recorder,
    /// A package from a registry, with its name, or from a Cargo checkout, without one.
    Library(Option<String>),
    Program,
}

impl Owner {
    fn of(file: &str) -> Self {
        let file = file.replace('\\', "/");
        if file.starts_with("/rustc/") || file.contains("/rustlib/src/rust/library/") {
            return Owner::StandardLibrary;
        }
        if RECORDER_SOURCES.iter().any(|dir| file.starts_with(&dir.replace('\\', "/"))) {
            return Owner::Recorder;
        }
        if let Some((_, place)) = file.split_once("/registry/src/") {
            return Owner::Library(place.split('/').nth(1).and_then(package).map(str::to_owned));
        }
        let is_of_cargo = ["/cargo/registry/", "/cargo/git/", "/.cargo/"].iter().any(|place| file.contains(place));
        if is_of_cargo { Owner::Library(None) } else { Owner::Program }
    }

    fn is_recorder(&self) -> bool {
        match self {
            Owner::Recorder => true,
            Owner::Library(Some(package)) => RECORDER_PACKAGES.contains(&&**package),
            _ => false,
        }
    }

    fn is_machinery(&self) -> bool {
        match self {
            Owner::StandardLibrary | Owner::Recorder => true,
            Owner::Library(package) => package
                .as_deref()
                .is_some_and(|name| MACHINERY_PACKAGES.contains(&name) || RECORDER_PACKAGES.contains(&name)),
            Owner::Program => false,
        }
    }
}

/// Returns `tracing-core` for `tracing-core-0.1.36`.
fn package(directory: &str) -> Option<&str> {
    let mut dashes = directory.match_indices('-').map(|(at, _)| at);
    let end = dashes.find(|at| directory[at + 1..].starts_with(|c: char| c.is_ascii_digit()))?;
    Some(&directory[..end])
}

/// Formats the frames as Rust prints a backtrace.
fn text(frames: &[Frame]) -> String {
    let mut text = String::with_capacity(192 * frames.len());
    for (index, frame) in frames.iter().enumerate() {
        push_number(&mut text, index, 4);
        text.extend([": ", &frame.function, "\n"]);
        if let Some(file) = &frame.file {
            text.extend(["             at ", file, ":"]);
            push_number(&mut text, frame.line.unwrap_or(0) as usize, 0);
            text.push('\n');
        }
    }
    text
}

/// Writes a number, padded with spaces to a width.
fn push_number(text: &mut String, number: usize, width: usize) {
    let mut digits = [b' '; 20];
    let mut first = digits.len();
    let mut rest = number;
    while rest > 0 || first == digits.len() {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text.extend(digits[first.min(digits.len() - width)..].iter().map(|&digit| char::from(digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_the_user_is_distinguished_from_libraries() {
        assert!(is_in_app("rg_flow::integrate", Some("examples/rg_flow.rs")));
        assert!(is_in_app("solver::step", None));
        assert!(!is_in_app("ode_solvers::dopri5::integrate", Some("/home/u/.cargo/registry/src/ode/dopri5.rs")));
        assert!(!is_in_app("core::ops::function::FnOnce::call_once", Some("/rustc/59807/library/core/src/ops.rs")));
        assert!(!is_in_app("<alloc::boxed::Box<F> as Fn>::call", None));
        assert!(!is_in_app("main", None));
        assert!(!is_in_app("start_thread", Some("./nptl/pthread_create.c")));
    }

    #[test]
    fn inlined_functions_without_a_path_are_classified_by_their_file() {
        let registry = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";
        assert!(is_in_app("integrate", Some("examples/rg_flow.rs")));
        assert!(!is_in_app("integrate", Some(&format!("{registry}/ode_solvers-0.6.1/src/dopri5.rs"))));
        assert!(!is_machinery("integrate", Some(&format!("{registry}/ode_solvers-0.6.1/src/dopri5.rs"))));
        for file in ["tracing-core-0.1.36/src/event.rs", "backtrace-0.3.77/src/lib.rs", "tracing-0.1.44/src/macros.rs"]
        {
            let file = format!("{registry}/{file}");
            assert!(is_machinery("dispatch", Some(&file)) && !is_in_app("dispatch", Some(&file)), "{file}");
        }
        assert!(is_machinery("call_once", Some("/rustc/59807/library/core/src/ops/function.rs")));
        assert!(is_machinery("record", Some(&std::path::absolute(file!()).unwrap().to_string_lossy())));
        assert_eq!(package("ode_solvers-0.6.1-rc.1"), Some("ode_solvers"));
        assert_eq!(package("no_version"), None);
    }

    #[test]
    fn a_closure_without_a_path_belongs_to_the_function_that_calls_it_through_the_recorder() {
        let frame = |function: &'static str, file: &'static str| {
            let mut frame = Frame::new(function);
            frame.file = Some(Cow::Borrowed(file));
            frame
        };
        let (function, closure) = (frame("integrate", "src/flow.rs"), frame("{closure#1}", "src/flow.rs"));
        assert!(is_closure_of(&closure, &function, true));
        assert!(!is_closure_of(&closure, &function, false));
        assert!(!is_closure_of(&frame("{closure#1}", "src/grid.rs"), &function, true));
        let closure = frame("flow::integrate::{{closure}}", "src/flow.rs");
        assert!(is_closure_of(&closure, &function, true));
        assert!(!is_closure_of(&closure, &frame("step", "src/flow.rs"), true));
        let (function, closure) = (frame("a::b", "src/a.rs"), frame("a::b::{{closure}}", "src/a.rs"));
        assert!(is_closure_of(&closure, &function, false));
    }

    #[test]
    fn frames_as_text_are_numbered() {
        let frame = |function: &'static str, file: Option<&'static str>, line| {
            let mut frame = Frame::new(function);
            frame.file = file.map(Cow::Borrowed);
            frame.line = line;
            frame.in_app = true;
            frame
        };
        let frames = [frame("a::b", Some("src/a.rs"), Some(1207)), frame("c::d", None, None)];
        assert_eq!(text(&frames), "   0: a::b\n             at src/a.rs:1207\n   1: c::d\n");
        let many = vec![frame("f", None, None); 12_346];
        assert!(text(&many).ends_with("\n12344: f\n12345: f\n"));
    }

    #[test]
    fn frames_have_names_files_and_lines() {
        let mut addresses = Vec::new();
        backtrace::trace(|frame| {
            addresses.push(frame.ip().addr());
            true
        });
        let named = names(&addresses, Duration::from_secs(60)).unwrap();
        let frames: Vec<&Frame> = named.iter().flat_map(|symbols| symbols.iter()).map(|symbol| &symbol.frame).collect();
        let here = frames.iter().find(|frame| frame.function.contains("frames_have_names")).unwrap();
        assert!(here.file.as_ref().is_some_and(|file| file.ends_with("backtrace.rs")));
        assert!(here.line.is_some());
    }
}

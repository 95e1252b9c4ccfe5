//! The stack, captured as addresses and named only for a record; a name is remembered by its address.
//!
//! A failing thread takes the addresses and the names that are known. The others are read on a thread of their own, see
//! `naming.rs`.

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

/// Frames of ours, of `tracing` and of the panic machinery that may stand before the user's.
const MACHINERY: usize = 48;

/// Functions that stand between the failure and us, beside those of the standard library.
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
    "std::",
    "core::",
    "alloc::",
];

/// Their packages: where a debugger's information is reduced to line tables, inlined functions have no path.
const MACHINERY_PACKAGES: &[&str] =
    &["tracing", "tracing-core", "tracing-error", "tracing-log", "tracing-subscriber", "backtrace"];

/// The packages of the recorder.
const RECORDER_PACKAGES: &[&str] = &[
    "tracing-failure",
    "tracing-failure-diagnose",
    "tracing-failure-publish",
    "tracing-failure-record",
    "tracing-failure-runtime",
    "tracing-failure-text",
];

/// The source of the recorder's packages in its own workspace, as the compiler saw it. Examples and tests beside it are
/// programs.
const OWN_SOURCES: [&str; 2] =
    [concat!(env!("CARGO_MANIFEST_DIR"), "/src/"), concat!(env!("CARGO_MANIFEST_DIR"), "/crates/")];

/// Functions that start a program or thread; the user's code ends here.
const START: &str = "__rust_begin_short_backtrace";

/// Crates whose frames are no work of the user's.
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

/// A named frame, and what it is to the user.
#[derive(Debug)]
struct Symbol {
    frame: Frame,
    is_machinery: bool,
    is_start: bool,
    landmark: Option<Landmark>,
}

/// A function that says where a panic stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Landmark {
    /// rayon runs a job: it catches the panics of the job.
    Job,
    /// A panic is caught here.
    Catch,
    /// rayon catches a panic, and passes it on later.
    CatchOfRayon,
}

/// An address stands for several frames where functions were inlined.
type Symbols = Arc<[Symbol]>;

static NAMED: Renewable<Option<HashMap<usize, Symbols, BuildHasherDefault<NumberHasher>>>> = Renewable::none();

/// Addresses in the functions that start a program or thread, as far as they are known: there the walk ends.
static STARTS: [AtomicUsize; 4] = [const { AtomicUsize::new(0) }; 4];

/// How long a thread that reads names waits for others that read some. No failing thread waits for it.
pub(crate) const READING_TURN: Duration = Duration::from_secs(60);

/// Stacks in a row without an unknown address, after which the debug information is let go: it takes 40 MB or more.
const WARM: u32 = 64;

static KNOWN_IN_A_ROW: AtomicU32 = AtomicU32::new(0);

/// WriterLease by the thread that names a stack, so that the debug information is not let go meanwhile.
static NAMING: Renewable<()> = Renewable::new();

/// The stack of a thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack {
    /// The user's frames, innermost first.
    pub(crate) frames: Vec<Frame>,
    /// Why frames or names are missing.
    pub(crate) gap: Option<&'static str>,
    /// What [`Stack::resolve`] needs if some addresses have no name yet.
    unresolved: Option<Unresolved>,
    /// How long the thread waited for the addresses.
    pub(crate) waited: Duration,
}

#[derive(Clone, Debug)]
struct Unresolved {
    addresses: Vec<usize>,
    limit: usize,
}

/// The addresses of a thread's stack, which another thread may name later; or why there are none.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    addresses: Result<Vec<usize>, &'static str>,
    waited: Duration,
    jobs: Jobs,
}

/// The jobs of rayon that the functions of a trace run in. A thread that waits in a job runs others meanwhile, of
/// whatever computation, on top of its stack.
#[derive(Clone, Copy, Debug, Default)]
struct Jobs {
    number: usize,
    /// The place of the innermost one, and that of the thread's first function.
    innermost: usize,
    end: usize,
    /// Whether its panics may be caught inside it.
    is_caught: bool,
}

/// Frames of the user in a trace whose limit is not known yet. Jobs of rayon are far from each other.
pub(crate) const DEEPEST: usize = 400;

/// Takes the stack of the current thread, with the names that are known.
///
/// Nothing here reads debug information, which takes long and much memory: a record is written before.
pub(crate) fn capture(limit: usize) -> Stack {
    trace(limit).named(limit)
}

/// Takes the addresses of the current thread's stack, as far as it is looked for jobs of rayon.
pub(crate) fn trace_with_jobs() -> Trace {
    let mut trace = trace(DEEPEST);
    trace.find_jobs();
    trace
}

/// Takes the addresses of the current thread's stack.
pub(crate) fn trace(limit: usize) -> Trace {
    let started = Instant::now();
    let access = unwinder::enter(unwinder::TURN);
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
        !starts && addresses.len() < limit + MACHINERY
    });
    if NAMING.is_free() && KNOWN_IN_A_ROW.fetch_add(1, Ordering::Relaxed) == WARM {
        backtrace::clear_symbol_cache();
    }
    drop(access);
    Trace { addresses: Ok(addresses), waited, jobs: Jobs::default() }
}

impl Trace {
    /// Looks for jobs of rayon. It needs names; where they take long, it finds no job.
    fn find_jobs(&mut self) {
        let Ok(addresses) = &self.addresses else { return };
        let started = Instant::now();
        let patience = unwinder::TURN.saturating_sub(self.waited);
        if let Some(named) = names_within(addresses, patience) {
            self.jobs = Jobs::of(&named);
        }
        self.waited += started.elapsed();
    }

    /// The frames of the job that it was taken in, where that runs while its thread waits in another one. Then it is
    /// not known whether what is entered on the thread was entered in this job or in the one that waits.
    pub(crate) fn inner_job(&self) -> Option<&[usize]> {
        let frames = self.jobs.innermost..self.jobs.end;
        self.addresses.as_ref().ok()?.get(frames).filter(|_| self.jobs.number > 1)
    }

    /// Whether a panic of this trace may be caught before its job ends.
    pub(crate) fn is_caught_in_job(&self) -> bool {
        self.jobs.is_caught
    }

    /// The stack with the names that are known.
    pub(crate) fn named(&self, limit: usize) -> Stack {
        let waited = self.waited;
        let addresses = match &self.addresses {
            Ok(addresses) => addresses,
            Err(gap) => return Stack { gap: Some(gap), waited, ..Stack::default() },
        };
        // Nearly always all names are known: one look into the table, and nothing is copied but the user's frames.
        let known = NAMED.lock().and_then(|named| {
            let named = named.as_ref()?;
            let known = addresses.iter().map_while(|address| named.get(address).map(|symbols| &**symbols));
            let known: Vec<&[Symbol]> = known.collect();
            (known.len() == addresses.len()).then(|| frames(&known, limit))
        });
        if let Some(frames) = known {
            return Stack { frames, waited, ..Stack::default() };
        }
        let named: Vec<Symbols> =
            addresses.iter().map(|&address| known_name(address).unwrap_or_else(|| nameless(address))).collect();
        let frames = frames(&named.iter().map(|symbols| &**symbols).collect::<Vec<_>>(), limit);
        let unresolved = Some(Unresolved { addresses: addresses.clone(), limit });
        Stack { frames, gap: Some(unwinder::UNREAD), unresolved, waited }
    }
}

impl Stack {
    /// Returns true if reading the debug information would name more frames.
    pub(crate) fn is_unresolved(&self) -> bool {
        self.unresolved.is_some()
    }

    /// Names all frames, if there is enough memory for it. It may read debug information, which takes long, and it
    /// waits for others that do so.
    pub(crate) fn resolve(&mut self, turn: Duration) {
        let Some(Unresolved { addresses, limit }) = self.unresolved.take() else { return };
        let named = if unwinder::has_memory() { names(&addresses, turn) } else { Err(unwinder::TOO_LITTLE_MEMORY) };
        self.gap = named.as_ref().err().copied();
        if let Ok(named) = named {
            self.frames = frames(&named.iter().map(|symbols| &**symbols).collect::<Vec<_>>(), limit);
        }
    }

    /// The stack as text.
    pub(crate) fn text(&self) -> String {
        match self.gap {
            Some(gap) => format!("[{gap}]\n{}", text(&self.frames)),
            None => text(&self.frames),
        }
    }
}

/// Returns true unless a thread holds a lock that captures need.
pub(crate) fn locks_are_free() -> bool {
    unwinder::is_free() && NAMED.is_free()
}

impl Jobs {
    fn of(named: &[Symbols]) -> Self {
        let has = |symbols: &Symbols, landmark| symbols.iter().any(|symbol| symbol.landmark == Some(landmark));
        let number_in = |named: &[Symbols], landmark| named.iter().filter(|symbols| has(symbols, landmark)).count();
        let Some(innermost) = named.iter().position(|symbols| has(symbols, Landmark::Job)) else {
            return Jobs::default();
        };
        let inside = &named[..innermost];
        let is_caught = number_in(inside, Landmark::Catch) > number_in(inside, Landmark::CatchOfRayon);
        Jobs { number: number_in(named, Landmark::Job), innermost, end: named.len(), is_caught }
    }
}

fn frames(named: &[&[Symbol]], limit: usize) -> Vec<Frame> {
    let symbols = || named.iter().flat_map(|symbols| symbols.iter());
    let first = symbols().position(|symbol| !symbol.is_machinery).unwrap_or(0);
    let user = symbols().skip(first).take_while(|symbol| !symbol.is_start).take(limit);
    let mut frames: Vec<Frame> = user.map(|symbol| symbol.frame.clone()).collect();
    while frames.last().is_some_and(is_call_of_start) {
        frames.pop();
    }
    frames
}

/// Whether a frame is `FnOnce::call_once`, through which a program or thread calls its first function.
fn is_call_of_start(frame: &Frame) -> bool {
    let of_core = |file: &str| file.replace('\\', "/").ends_with("/core/src/ops/function.rs");
    frame.function.starts_with("core::ops::function::") || frame.file.as_deref().is_some_and(of_core)
}

/// The names of these addresses, up to where the user's code starts: the debug information of what lies beyond, the C
/// library's above all, is not worth reading.
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

/// The same on another thread, which goes on where it takes longer than this.
fn names_within(addresses: &[usize], patience: Duration) -> Option<Vec<Symbols>> {
    if addresses.iter().all(|&address| known_name(address).is_some()) {
        return names(addresses, patience).ok();
    }
    if !unwinder::has_memory() {
        return None;
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    let addresses = addresses.to_vec();
    let name = move || {
        let _busy = Busy::enter();
        let _ = sender.send(names(&addresses, READING_TURN));
    };
    background::run(name).ok()?;
    receiver.recv_timeout(patience).ok()?.ok()
}

fn known_name(address: usize) -> Option<Symbols> {
    NAMED.lock()?.as_ref()?.get(&address).cloned()
}

/// What stands for an address whose name is not known.
fn nameless(address: usize) -> Symbols {
    let frame = Frame::new(format!("{address:#x}"));
    [Symbol { is_machinery: false, is_start: false, landmark: None, frame }].into()
}

/// The name of an address, by the debug information. Others may take stacks before the next one.
fn name(address: usize, turn: Duration) -> Result<Symbols, &'static str> {
    let _access = unwinder::enter(turn)?;
    KNOWN_IN_A_ROW.store(0, Ordering::Relaxed);
    let mut symbols = Vec::new();
    backtrace::resolve(std::ptr::without_provenance_mut(address), |symbol| {
        let function = symbol.name().map_or_else(|| format!("{address:#x}"), |name| format!("{name:#}"));
        let file = symbol.filename().map(|file| file.to_string_lossy().into_owned());
        // Names are kept as long as the process lives, so that records need no copies of them.
        let [function, file] = [Some(function), file].map(|text| text.map(|text| &*text.leak()));
        let (function, line) = (function.unwrap_or_default(), symbol.lineno());
        let mut frame = Frame::new(function);
        frame.in_app = is_in_app(function, file);
        frame.line = line;
        frame.file = file.map(Cow::Borrowed);
        symbols.push(Symbol {
            is_machinery: is_machinery(function, file),
            is_start: function.contains(START),
            landmark: landmark(function),
            frame,
        });
    });
    if symbols.iter().any(|symbol: &Symbol| symbol.is_start) {
        let free =
            |start: &&AtomicUsize| start.compare_exchange(0, address, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        let _ = STARTS.iter().find(free);
    }
    let symbols: Symbols = symbols.into();
    if let Some(mut named) = NAMED.lock() {
        named.get_or_insert_default().insert(address, Arc::clone(&symbols));
    }
    Ok(symbols)
}

fn landmark(function: &str) -> Option<Landmark> {
    match function {
        _ if function.ends_with(" as rayon_core::job::Job>::execute") => Some(Landmark::Job),
        _ if function.contains("__rust_try") => Some(Landmark::Catch),
        _ if function.starts_with("rayon_core::unwind::halt_unwinding") => Some(Landmark::CatchOfRayon),
        _ => None,
    }
}

fn is_machinery(function: &str, file: Option<&str>) -> bool {
    let function = function.trim_start_matches(['<', '&']);
    MACHINERY_NAMES.iter().any(|name| function.starts_with(name))
        || function.contains(" as tracing")
        || file.is_some_and(|file| Owner::of(file).is_machinery())
}

/// Neither the standard library nor a package from a registry or a checkout of cargo's.
fn is_in_app(function: &str, file: Option<&str>) -> bool {
    let name = function.trim_start_matches(['<', '&', '_']);
    let krate = name.split([':', '<', ' ']).next().unwrap_or_default();
    match file.map(|file| (Owner::of(file), file)) {
        Some((Owner::Program, file)) if !name.contains("::") => file.ends_with(".rs"),
        Some((Owner::Program, _)) | None => name.contains("::") && !LIBRARIES.contains(&krate),
        Some(_) => false,
    }
}

/// Whose file it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Owner {
    StandardLibrary,
    /// This package.
    Recorder,
    /// A package of a registry, by its name, or of a checkout of cargo's, without one.
    Library(Option<String>),
    Program,
}

impl Owner {
    fn of(file: &str) -> Self {
        let file = file.replace('\\', "/");
        if file.starts_with("/rustc/") || file.contains("/rustlib/src/rust/library/") {
            return Owner::StandardLibrary;
        }
        if OWN_SOURCES.iter().any(|own| file.starts_with(&own.replace('\\', "/"))) {
            return Owner::Recorder;
        }
        if let Some((_, place)) = file.split_once("/registry/src/") {
            return Owner::Library(place.split('/').nth(1).and_then(package).map(str::to_owned));
        }
        let is_of_cargo = ["/cargo/registry/", "/cargo/git/", "/.cargo/"].iter().any(|place| file.contains(place));
        if is_of_cargo { Owner::Library(None) } else { Owner::Program }
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

/// `tracing-core-0.1.36` without its version.
fn package(directory: &str) -> Option<&str> {
    let starts_version = |(at, _): &(usize, &str)| directory[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    directory.match_indices('-').find(starts_version).map(|(at, _)| &directory[..at])
}

/// The frames as text, as Rust prints a backtrace.
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

/// Writes a number, with spaces before it up to a width.
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
    fn the_users_code_is_told_from_libraries() {
        assert!(is_in_app("rg_flow::integrate", Some("examples/rg_flow.rs")));
        assert!(is_in_app("solver::step", None));
        assert!(!is_in_app("ode_solvers::dopri5::integrate", Some("/home/u/.cargo/registry/src/ode/dopri5.rs")));
        assert!(!is_in_app("core::ops::function::FnOnce::call_once", Some("/rustc/59807/library/core/src/ops.rs")));
        assert!(!is_in_app("<alloc::boxed::Box<F> as Fn>::call", None));
        assert!(!is_in_app("main", None));
        assert!(!is_in_app("start_thread", Some("./nptl/pthread_create.c")));
    }

    #[test]
    fn inlined_functions_without_a_path_are_told_by_their_file() {
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

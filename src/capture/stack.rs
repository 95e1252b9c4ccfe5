//! The stack, captured as addresses and named only for a record; a name is remembered by its address.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use crate::failure::Frame;
use crate::sync::lock;

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

/// Functions that start a program or thread; the user's code ends here.
const START: &str = "__rust_begin_short_backtrace";

/// Crates whose frames are no work of the user's.
const LIBRARIES: &[&str] =
    &["std", "core", "alloc", "tracing", "tracing_core", "tracing_subscriber", "tracing_failure", "backtrace"];

#[derive(Clone, Debug)]
struct Symbol {
    function: String,
    file: Option<String>,
    line: Option<u32>,
}

type Symbols = Arc<[Symbol]>;

static NAMED: Mutex<Option<HashMap<usize, Symbols>>> = Mutex::new(None);

/// Stacks in a row without an unknown address, after which the debug information is let go: it takes 40 MB or more.
const WARM: u32 = 64;

static KNOWN_IN_A_ROW: AtomicU32 = AtomicU32::new(0);

/// Takes the stack of the current thread: the user's frames, innermost first.
pub(crate) fn capture(limit: usize) -> Vec<Frame> {
    let mut addresses = Vec::with_capacity(64);
    backtrace::trace(|frame| {
        addresses.push(frame.ip().addr());
        addresses.len() < limit + MACHINERY
    });
    if KNOWN_IN_A_ROW.fetch_add(1, Ordering::Relaxed) == WARM {
        backtrace::clear_symbol_cache();
    }
    frames(&addresses, limit)
}

fn frames(addresses: &[usize], limit: usize) -> Vec<Frame> {
    let symbols: Vec<Symbol> = addresses.iter().flat_map(|&address| symbols_at(address).to_vec()).collect();
    let first = symbols.iter().position(|symbol| !is_machinery(symbol)).unwrap_or(0);
    let user = symbols.into_iter().skip(first).take_while(|symbol| !symbol.function.contains(START));
    let mut frames: Vec<Frame> = user.take(limit).map(frame).collect();
    while frames.last().is_some_and(|frame| frame.function.starts_with("core::ops::function::")) {
        frames.pop();
    }
    frames
}

fn is_machinery(symbol: &Symbol) -> bool {
    let function = symbol.function.trim_start_matches(['<', '&']);
    let in_macro = |file: &String| file.contains("/tracing-") && file.ends_with("/src/macros.rs");
    MACHINERY_NAMES.iter().any(|name| function.starts_with(name))
        || function.contains(" as tracing")
        || symbol.file.as_ref().is_some_and(in_macro)
}

fn frame(symbol: Symbol) -> Frame {
    let in_app = is_in_app(&symbol.function, symbol.file.as_deref());
    Frame { function: symbol.function, file: symbol.file, line: symbol.line, in_app }
}

/// Neither the standard library nor a package from a registry or a checkout of cargo's.
fn is_in_app(function: &str, file: Option<&str>) -> bool {
    let of_library = |file: &str| {
        let file = file.replace('\\', "/");
        ["/rustc/", "/cargo/registry/", "/cargo/git/", "/.cargo/"].iter().any(|place| file.contains(place))
    };
    let name = function.trim_start_matches(['<', '&', '_']);
    let krate = name.split([':', '<', ' ']).next().unwrap_or_default();
    !file.is_some_and(of_library) && !LIBRARIES.contains(&krate) && name.contains("::")
}

fn symbols_at(address: usize) -> Symbols {
    if let Some(known) = lock(&NAMED).and_then(|named| named.as_ref()?.get(&address).cloned()) {
        return known;
    }
    KNOWN_IN_A_ROW.store(0, Ordering::Relaxed);
    let mut symbols = Vec::new();
    backtrace::resolve(std::ptr::without_provenance_mut(address), |symbol| {
        symbols.push(Symbol {
            function: symbol.name().map_or_else(|| format!("{address:#x}"), |name| format!("{name:#}")),
            file: symbol.filename().map(|file| file.to_string_lossy().into_owned()),
            line: symbol.lineno(),
        });
    });
    let symbols: Symbols = symbols.into();
    if let Some(mut named) = lock(&NAMED) {
        named.get_or_insert_default().insert(address, Arc::clone(&symbols));
    }
    symbols
}

/// The frames as text, as Rust prints a backtrace.
pub(crate) fn text(frames: &[Frame]) -> String {
    let mut text = String::new();
    for (index, frame) in frames.iter().enumerate() {
        let _ = writeln!(text, "{index:>4}: {}", frame.function);
        if let Some(file) = &frame.file {
            let _ = writeln!(text, "             at {file}:{}", frame.line.unwrap_or(0));
        }
    }
    text
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
    }

    #[test]
    fn frames_have_names_files_and_lines() {
        let mut addresses = Vec::new();
        backtrace::trace(|frame| {
            addresses.push(frame.ip().addr());
            true
        });
        let symbols: Vec<Symbol> = addresses.iter().flat_map(|&address| symbols_at(address).to_vec()).collect();
        let here = symbols.iter().find(|symbol| symbol.function.contains("frames_have_names")).unwrap();
        assert!(here.file.as_ref().is_some_and(|file| file.ends_with("stack.rs")));
        assert!(here.line.is_some());
    }
}

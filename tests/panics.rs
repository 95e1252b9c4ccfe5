//! Panics of other threads, and panics that are special in another way.

mod support;

#[path = "panics/functions.rs"]
mod functions;
#[path = "panics/hooks.rs"]
mod hooks;
#[path = "panics/payloads.rs"]
mod payloads;
#[path = "panics/stealing.rs"]
mod stealing;
#[path = "panics/threads.rs"]
mod threads;
#[path = "panics/unwinding.rs"]
mod unwinding;

use tracing::info_span;
use tracing::span::EnteredSpan;

/// An entered computation.
fn computation(name: &str) -> EnteredSpan {
    info_span!("sweep", computation = name, theoretical_ref = "Eq. 2", beta = 2.2).entered()
}

/// The message of a panic that unwinds a computation and is not known.
const ELSEWHERE: &str = "unwound by a panic raised elsewhere";

//! The operations of a program that does not fail.

use std::cell::RefCell;
use std::hint::black_box;

use tracing::field::Empty;
use tracing::span::EnteredSpan;
use tracing::{Span, debug, info, info_span, trace};
use tracing_failure::trail;

/// Repeated work, and the spans that are open around it.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) spans: fn() -> Vec<EnteredSpan>,
    pub(crate) work: fn(),
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { name: "disabled event", spans: Vec::new, work: disabled_event },
    Operation { name: "event outside a computation", spans: Vec::new, work: event },
    Operation { name: "span without fields", spans: Vec::new, work: || drop(info_span!("step").entered()) },
    Operation { name: "span with two fields", spans: Vec::new, work: span_with_two_fields },
    Operation { name: "enter and exit", spans: one_span, work: enter_and_exit },
    Operation { name: "computation span", spans: Vec::new, work: || drop(computation().entered()) },
    Operation { name: "span inside a computation", spans: in_computation, work: span_with_two_fields },
    Operation { name: "trail event two spans deep", spans: in_computation, work: trail_event },
    Operation { name: "trail! two spans deep", spans: in_computation, work: trail_row },
    Operation { name: "late field of a computation", spans: in_computation_alone, work: late_field },
    Operation { name: "text event inside a computation", spans: in_computation, work: || info!("phase begins") },
];

/// The operation with this name.
pub(crate) fn operation(name: &str) -> &'static Operation {
    OPERATIONS.iter().find(|operation| operation.name == name).unwrap_or_else(|| panic!("no operation {name:?}"))
}

fn disabled_event() {
    trace!(t = black_box(0.5), dt = black_box(1e-3), residual = black_box(0.25));
}

fn event() {
    info!(t = black_box(0.5), dt = black_box(1e-3), residual = black_box(0.25));
}

fn span_with_two_fields() {
    drop(info_span!("step", n = black_box(1), dt = black_box(1e-3)).entered());
}

pub(crate) fn trail_event() {
    debug!(residual = black_box(0.25), dt = black_box(1e-3), "step accepted");
}

fn trail_row() {
    trail!(residual = black_box(0.25), dt = black_box(1e-3));
}

pub(crate) fn computation() -> Span {
    info_span!(
        "solve",
        computation = "rg_flow_integration",
        theoretical_ref = "Eq. 1.12",
        rtol = black_box(1e-6),
        atol = black_box(1e-9),
        n = black_box(3)
    )
}

thread_local! {
    /// A span that is not entered, for `enter_and_exit`.
    static SPAN: RefCell<Span> = const { RefCell::new(Span::none()) };
}

fn one_span() -> Vec<EnteredSpan> {
    SPAN.replace(info_span!("step"));
    Vec::new()
}

fn enter_and_exit() {
    SPAN.with_borrow(|span| drop(span.enter()));
}

fn in_computation_alone() -> Vec<EnteredSpan> {
    vec![
        info_span!("solve", computation = "rg_flow_integration", theoretical_ref = "Eq. 1.12", residual = Empty)
            .entered(),
    ]
}

fn late_field() {
    Span::current().record("residual", black_box(0.25));
}

pub(crate) fn in_computation() -> Vec<EnteredSpan> {
    vec![computation().entered(), info_span!("step").entered()]
}

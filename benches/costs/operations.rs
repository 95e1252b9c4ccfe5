//! The operations of a program that does not fail.

use std::cell::RefCell;
use std::hint::black_box;

use tracing::field::Empty;
use tracing::span::EnteredSpan;
use tracing::{Span, debug, info, info_span, trace};
use tracing_failure::{computation, trail};

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
    Operation { name: "call with a computation span", spans: Vec::new, work: call_by_hand },
    Operation { name: "call of an annotated function", spans: Vec::new, work: call_annotated },
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

/// A function as it is written without the attribute. It states no outcome.
#[inline(never)]
fn by_hand(rtol: f64, atol: f64, n: i32) -> f64 {
    let span = info_span!("solve", computation = "rg_flow_integration", theoretical_ref = "Eq. 1.12", rtol, atol, n);
    let _entered = span.entered();
    black_box(rtol + atol + f64::from(n))
}

/// The same function with the attribute.
#[computation("Eq. 1.12", name = "rg_flow_integration")]
#[inline(never)]
fn annotated(rtol: f64, atol: f64, n: i32) -> f64 {
    black_box(rtol + atol + f64::from(n))
}

fn call_by_hand() {
    black_box(by_hand(black_box(1e-6), black_box(1e-9), black_box(3)));
}

fn call_annotated() {
    black_box(annotated(black_box(1e-6), black_box(1e-9), black_box(3)));
}

/// An annotated function whose arguments are no fields of the span.
#[computation("Eq. 1.12")]
#[inline(never)]
pub(crate) fn annotated_with_arrays(state: &mut Vec<f64>, grid: &[f64], t_range: (f64, f64)) -> f64 {
    black_box(state.first().unwrap_or(&0.0) + grid.first().unwrap_or(&0.0) + t_range.0)
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

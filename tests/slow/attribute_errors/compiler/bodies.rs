#![allow(unused)]
use tracing_failure::computation;

#[derive(Debug)]
struct SolverError;

struct Grid(Vec<f64>);

#[computation("Eq. 1")]
fn tail_type(x: f64) -> f64 {
    "x"
}

#[computation("Eq. 1")]
fn no_tail(x: f64) -> f64 {
    x + 1.0;
}

#[computation("Eq. 1")]
fn tail_of_unit(x: f64) {
    x
}

#[computation("Eq. 1")]
fn early_return(x: f64) -> f64 {
    if x > 0.0 {
        return "x";
    }
    x
}

#[computation("Eq. 1")]
fn no_conversion(text: &str) -> Result<f64, SolverError> {
    Ok(text.parse::<f64>()?)
}

#[computation("Eq. 1")]
fn question_mark_without_result(text: &str) -> f64 {
    text.parse::<f64>()?
}

#[computation("Eq. 1")]
fn await_outside(x: f64) -> f64 {
    std::future::ready(x).await
}

#[computation("Eq. 1")]
fn break_outside(x: f64) -> f64 {
    break;
}

#[computation("Eq. 1")]
fn unknown_method(grid: &Grid) -> f64 {
    grid.norm()
}

#[computation("Eq. 1")]
fn wrong_argument(x: f64) -> f64 {
    tail_type("x")
}

#[computation("Eq. 1")]
fn opaque(n: usize) -> impl Iterator<Item = usize> {
    n
}

#[computation("Eq. 1")]
async fn later(text: &str) -> Result<f64, SolverError> {
    Ok(text.parse::<f64>()?)
}

#[computation("Eq. 1")]
async fn later_type(text: &str) -> Result<f64, SolverError> {
    text
}

#[computation("Eq. 1")]
fn unknown_argument_type(x: Unknown) -> f64 {
    1.0
}

#[computation("Eq. 1")]
fn no_bound<T>(x: T) -> T {
    x + x
}

fn main() {}

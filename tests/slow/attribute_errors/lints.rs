#![warn(unused, clippy::all, clippy::pedantic)]
use tracing_failure::computation;

#[computation("Eq. 1")]
pub fn unused_argument(x: f64, grid: &[f64]) -> f64 {
    1.0
}

#[computation("Eq. 1")]
pub fn unused_mut(mut x: f64) -> f64 {
    x
}

#[computation("Eq. 1")]
pub fn unreachable(x: f64) -> f64 {
    return x;
    2.0
}

#[computation("Eq. 1")]
pub fn unused_variable(x: f64) -> f64 {
    let y = x;
    x
}

#[computation("Eq. 1")]
pub async fn later(x: f64) -> f64 {
    let y = x;
    x
}

#[computation("Eq. 1")]
fn never_used(x: f64) -> f64 {
    x
}

#[computation("Eq. 1")]
pub fn unconditional(x: f64) -> f64 {
    unconditional(x)
}

#[computation("Eq. 1")]
pub fn unused_result(x: f64) {
    "1".parse::<f64>();
}

#[computation("Eq. 1")]
#[must_use]
pub fn must_use(x: f64) -> f64 {
    x
}

#[computation("Eq. 1")]
#[deprecated]
pub fn deprecated(x: f64) -> f64 {
    x
}

#[computation("Eq. 1")]
pub fn needless_return(x: f64) -> f64 {
    return x;
}

#[computation("Eq. 1")]
pub fn dead_store(mut x: f64) -> f64 {
    x = 2.0;
    1.0
}

fn main() {
    must_use(1.0);
    deprecated(1.0);
}

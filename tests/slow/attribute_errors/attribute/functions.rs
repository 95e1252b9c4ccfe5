#![allow(unused)]
use tracing_failure::computation;

#[computation("Eq. 1", skip(grid))]
fn unknown_argument(x: f64) {}

#[computation("Eq. 1", skip(self))]
fn no_receiver(x: f64) {}

#[computation("Eq. 1")]
fn named_computation(computation: &str) {}

#[computation("Eq. 1")]
fn named_theoretical_ref(theoretical_ref: &str) {}

#[computation("Eq. 1", category = "stagnation")]
fn named_category(category: &str) {}

#[computation("Eq. 1")]
struct Structure {
    x: f64,
}

#[computation("Eq. 1")]
enum Enumeration {
    A,
}

#[computation("Eq. 1")]
mod module {}

#[computation("Eq. 1")]
const CONSTANT: f64 = 1.0;

#[computation("Eq. 1")]
const fn constant_function() -> f64 {
    1.0
}

#[computation("Eq. 1")]
impl Structure {
    fn method(&self) {}
}

#[computation("Eq. 1")]
trait Integrate {
    fn step(&self) {}
}

trait Solve {
    #[computation("Eq. 1")]
    fn solve(&self, x: f64) -> f64;
}

unsafe extern "C" {
    #[computation("Eq. 1")]
    fn foreign(x: f64) -> f64;
}

fn main() {}

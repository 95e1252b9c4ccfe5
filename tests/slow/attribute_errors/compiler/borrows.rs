#![allow(unused)]
use tracing_failure::computation;

struct Grid(Vec<f64>);

#[computation("Eq. 1")]
fn moved(grid: Grid) -> usize {
    drop(grid);
    grid.0.len()
}

#[computation("Eq. 1")]
fn not_mutable(x: f64) -> f64 {
    x = 1.0;
    x
}

#[computation("Eq. 1")]
fn behind_a_reference(grid: &Grid) {
    grid.0.push(1.0);
}

#[computation("Eq. 1")]
fn moved_out(grid: &Grid) -> Vec<f64> {
    grid.0
}

#[computation("Eq. 1")]
fn two_borrows(grid: &mut Grid) {
    let first = &mut grid.0;
    let second = &mut grid.0;
    first.push(1.0);
    second.push(1.0);
}

#[computation("Eq. 1")]
fn returns_local() -> &'static str {
    let text = String::new();
    &text
}

#[computation("Eq. 1")]
fn returns_argument(text: String) -> &'static str {
    &text
}

#[computation("Eq. 1")]
fn wrong_lifetime<'a, 'b>(first: &'a str, second: &'b str) -> &'a str {
    second
}

#[computation("Eq. 1")]
fn escapes(values: &[f64]) -> Box<dyn Fn() -> f64> {
    Box::new(|| values[0])
}

#[computation("Eq. 1")]
async fn later(grid: Grid) -> usize {
    drop(grid);
    grid.0.len()
}

#[computation("Eq. 1")]
fn uninitialized() -> f64 {
    let x: f64;
    x
}

fn main() {}

#![allow(unused)]
use tracing_failure::computation;

struct Solution {
    converged: bool,
}

#[computation("Eq. 1", none_is_failure)]
fn number_is_not_none() -> f64 {
    1.0
}

#[computation("Eq. 1", none_is_failure)]
fn result_is_not_none() -> Result<f64, String> {
    Ok(1.0)
}

#[computation("Eq. 1", finite)]
fn structure_is_not_finite() -> Solution {
    Solution { converged: true }
}

#[computation("Eq. 1", finite)]
fn unit_is_not_finite() {}

#[computation("Eq. 1", fail_if = |solution| solution.converged_)]
fn unknown_field() -> Solution {
    Solution { converged: true }
}

#[computation("Eq. 1", fail_if = |solution| 1.0)]
fn not_a_boolean() -> Solution {
    Solution { converged: true }
}

#[computation("Eq. 1", fail_if = |solution: Solution| !solution.converged)]
fn by_value() -> Solution {
    Solution { converged: true }
}

#[computation("Eq. 1", fail_if = |solution: &Result<Solution, String>| solution.is_err())]
fn of_the_result() -> Result<Solution, String> {
    Ok(Solution { converged: true })
}

#[computation("Eq. 1", fail_if = true)]
fn no_closure() -> Solution {
    Solution { converged: true }
}

#[computation("Eq. 1", fail_if = |a, b| a > b)]
fn two_arguments() -> f64 {
    1.0
}

#[computation("Eq. 1", fail_if = |x| *x > limit)]
fn unknown_variable() -> f64 {
    1.0
}

#[computation("Eq. 1", level = LOUD)]
fn unknown_level() {}

#[computation("Eq. 1", parent = 1.5)]
fn wrong_parent() {}

#[computation("Eq. 1", fields(solution = solution))]
fn field_without_representation(solution: &Solution) {}

#[computation("Eq. 1", fields(count = grid.len()))]
fn unknown_field_variable(x: f64) {}

#[computation("Eq. 1", crate = missing)]
fn unknown_crate() {}

fn main() {}

//! The example of the README, between the two marks, and its record.

// README
use tracing_failure::{Check, computation, ensure_converged, ensure_finite, trail};

#[derive(Debug)]
struct Options {
    dt: f64,
    tol: f64,
    max_iterations: usize,
}

#[computation("IRH v21.4 Part 1 §1.2, Eq. 1.12")]
fn rg_flow_integration(
    initial_couplings: [f64; 2],
    options: &Options,
    beta: impl Fn([f64; 2]) -> [f64; 2],
) -> Result<[f64; 2], Check> {
    let ([mut g, mut h], mut residual) = (initial_couplings, f64::NAN);
    for iteration in 0..options.max_iterations {
        let [dg, dh] = beta([g, h]);
        residual = dg.hypot(dh);
        trail!(iteration, g, h, residual); // one row of the trail
        ensure_finite!(residual, g, h)?; // names the first value that is not finite, with its iteration
        (g, h) = (g + options.dt * dg, h + options.dt * dh);
    }
    ensure_converged!(residual <= options.tol, iterations = options.max_iterations)?; // NaN never counts as converged
    Ok([g, h])
}
// README

use tracing_failure::{Category, init};

use crate::support::in_child;

const README: &str = include_str!("../../README.md");

fn beta([g, h]: [f64; 2]) -> [f64; 2] {
    [-2.0 * g + 0.114 * g * g, -2.0 * h + 0.05 * g * h]
}

#[test]
fn the_readme_contains_this_example() {
    let example = include_str!("readme.rs").split("// README\n").nth(1).unwrap();
    assert!(README.contains(&format!("```rust\n{example}```")), "{example}");
}

#[test]
fn the_readme_shows_the_record_of_the_example() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let options = Options { dt: 0.05, tol: 1e-9, max_iterations: 500 };
        assert!(rg_flow_integration([5.0, 1.0], &options, beta).unwrap()[0].abs() < 1e-9);
        rg_flow_integration([50.0, 100.0], &options, beta).unwrap_err();
    })
    .ok();
    let failure = run.failure();
    assert_eq!(failure.context.category, Some(Category::NonFinite));
    let parameters =
        failure.parameters.to_string().replace(':', ": ").replace(',', ", ").replace('{', "{ ").replace('}', " }");
    println!("{}", failure.to_json());
    for text in [
        format!(r#""error_message": "{}""#, failure.error_message),
        format!(r#""parameters": {parameters}"#),
        format!(r#""suggested_fixes": ["{}", …]"#, failure.suggested_fixes[0]),
    ] {
        assert!(README.contains(&text), "{text}");
    }
    println!("{}", failure.to_json());
}

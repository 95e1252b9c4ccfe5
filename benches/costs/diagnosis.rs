//! The diagnosis of a full trail, compared with serialising the same record as JSON.

use std::path::Path;

use tracing::{Dispatch, debug, error};
use tracing_failure::Failure;
use tracing_subscriber::prelude::*;

use crate::failure::{Pair, in_turns};
use crate::operations::computation;
use crate::subscribers::failure_layer;

/// Six callsites report three numbers each, and more rows than a trail keeps.
fn fill_the_trail() {
    macro_rules! report {
        ($($name:ident),*) => {
            for iteration in 0..300_u32 {
                let k = f64::from(iteration);
                $(debug!(iteration, residual = 0.97_f64.powf(k), norm = (1.0 + k).sqrt(), stringify!($name));)*
            }
        };
    }
    report!(a, b, c, d, e, f);
}

fn full_record(dir: &Path) -> Failure {
    let (layer, guard) = failure_layer(dir);
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
    tracing::dispatcher::with_default(&dispatch, || {
        computation().in_scope(|| {
            fill_the_trail();
            error!(t = -9.78, residual = 0.25, tolerance = 1e-6, "Newton did not converge within 300 iterations");
        });
    });
    guard.flush();
    Failure::from_path(dir.join("failures/latest.json")).expect("a failure was recorded")
}

/// Medians of serialising a record with a full trail, and of diagnosing it.
pub(crate) fn full_trail(dir: &Path) -> Pair {
    const ROUNDS: usize = 300;
    let mut record = full_record(dir);
    assert_eq!(record.context.convergence.len(), 18, "six callsites with three numbers each");
    let original = record.clone();
    let mut serialise = || drop(std::hint::black_box(original.to_json()));
    let mut diagnose = || {
        record.context.convergence.clear();
        record.context.suggestions.clear();
        record.suggested_fixes.clear();
        tracing_failure::diagnose(&mut record);
        std::hint::black_box(&record);
    };
    in_turns([&mut serialise, &mut diagnose], ROUNDS, 1)
}

//! What the layer costs in a loop of your own: put it into `solve`, and see.
//!
//! `cargo run --release --example overhead`. The loop here is Jacobi's iteration for Poisson's equation, ∆u = −1 on a
//! square of n × n points, with one computation span for each solution and one numeric event for each sweep. It runs
//! without a subscriber, with the layer, and with the runtime log too, in turns; the dearer a sweep is, the less is
//! noticed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tracing::Dispatch;
use tracing_failure::{builder, computation, trail};
use tracing_subscriber::prelude::*;

const SWEEPS: u32 = 100;

/// u ← ¼ (the four neighbours + h²); the largest change of a point is what tells how far it is from done.
fn sweep(old: &[f64], new: &mut [f64], n: usize) -> f64 {
    let h2 = 1.0 / ((n - 1) * (n - 1)) as f64;
    let mut change = 0.0_f64;
    for row in 1..n - 1 {
        for at in row * n + 1..row * n + n - 1 {
            new[at] = 0.25 * (old[at - 1] + old[at + 1] + old[at - n] + old[at + n] + h2);
            change = change.max((new[at] - old[at]).abs());
        }
    }
    change
}

/// Your loop.
#[computation("∆u = −1", name = "observable_potential", level = "debug")]
fn solve(n: usize) -> f64 {
    let (mut u, mut next) = (vec![0.0; n * n], vec![0.0; n * n]);
    let mut change = 0.0;
    for iteration in 0..SWEEPS {
        change = sweep(&u, &mut next, n);
        std::mem::swap(&mut u, &mut next);
        trail!(iteration, change, "sweep");
    }
    change
}

/// Time of a sweep: the median of many solutions, a little of each in turns, so that a busy machine disturbs all alike.
fn time_of_a_sweep(n: usize, subscribers: &[(&str, Dispatch)]) -> Vec<Duration> {
    let mut times = vec![Vec::new(); subscribers.len()];
    for _ in 0..101 {
        for ((_, dispatch), times) in subscribers.iter().zip(&mut times) {
            tracing::dispatcher::with_default(dispatch, || {
                let started = Instant::now();
                black_box(solve(black_box(n)));
                times.push(started.elapsed() / SWEEPS);
            });
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let (layer, _guard) = builder(dir.path().join("trail")).without_log().level_hint(true).layer()?;
    let (with_log, _guard) = builder(dir.path().join("log")).log_filter("debug").level_hint(true).layer()?;
    let subscribers = [
        ("no subscriber", Dispatch::none()),
        ("trail", Dispatch::new(tracing_subscriber::registry().with(layer))),
        ("trail and a log line for each sweep", Dispatch::new(tracing_subscriber::registry().with(with_log))),
    ];
    println!("| points | ns a sweep | {} | {} |", subscribers[1].0, subscribers[2].0);
    println!("| ---: | ---: | ---: | ---: |");
    for n in [8, 16, 32, 64, 128] {
        let times = time_of_a_sweep(n, &subscribers);
        let more = |time: Duration| 100.0 * (time.as_secs_f64() / times[0].as_secs_f64() - 1.0);
        println!("| {} | {} | {:+.1} % | {:+.1} % |", n * n, times[0].as_nanos(), more(times[1]), more(times[2]));
    }
    Ok(())
}

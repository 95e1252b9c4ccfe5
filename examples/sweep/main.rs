//! Sweeps in which many runs fail, each in a region of the parameters that a formula describes.
//!
//! `cargo run --release --example sweep [NAME] [DIR] [RUNS]`. NAME is `newton`, `rg_flow`, `van_der_pol`, or absent for
//! all three. DIR is `io` unless given, and RUNS is 6000: the runs of each sweep. Every failed run has its record, and
//! every run has a closing line in the log with its parameters and its outcome.
//!
//! Six processes divide the runs among themselves, like the jobs of a cluster. Each process is a session of the log. A
//! further argument, 0 to 5, runs the part of one process only. The sweeps cover the same points whenever they run.
//!
//! | sweep | computation | runs fail if |
//! | --- | --- | --- |
//! | `newton` | `observable_phase_zero` | `damping` is missing and `start` is above 1.391745 or below −1.391745 |
//! | `rg_flow` | `rg_flow_integration` | `lambda` > 20.2923, `t_max` is 1 and `variable` is `coupling` |
//! | `van_der_pol` | `observable_limit_cycle` | `mu` > 92.84 and `method` is `RK4` |
//!
//! The documentation of each module derives its thresholds.

mod newton;
mod rg_flow;
mod sequence;
#[path = "../show/mod.rs"]
mod show;
mod van_der_pol;

use std::fmt::Display;
use std::process::Command;

use color_eyre::eyre::{Report, ensure};
use tracing_failure::Sweep;

const NAMES: [&str; 3] = ["newton", "rg_flow", "van_der_pol"];
const SESSIONS: u32 = 6;

fn main() -> Result<(), Report> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_named = arguments.first().is_some_and(|name| NAMES.contains(&name.as_str()));
    let names = if is_named { vec![arguments.remove(0)] } else { NAMES.map(str::to_owned).to_vec() };
    let dir = arguments.first().map_or("io", String::as_str);
    let runs = arguments.get(1).map_or(Ok(6_000), |runs| runs.parse::<u32>())?;
    let session = arguments.get(2).map(|session| session.parse::<u32>()).transpose()?;
    if let Some(session) = session {
        ensure!(session < SESSIONS, "there is no session {session}: the last one is {}", SESSIONS - 1);
        return run_session(&names, dir, runs, session);
    }

    let _show = show::Show::what_is_left_in(dir);
    for session in 0..SESSIONS {
        let mut process = Command::new(std::env::current_exe()?);
        process.args(is_named.then_some(&names[0])).args([dir, &runs.to_string(), &session.to_string()]);
        let status = process.status()?;
        ensure!(status.success(), "session {session} ended with {status}");
    }
    Ok(())
}

/// Runs the part of each sweep that belongs to one session.
fn run_session(names: &[String], dir: &str, runs: u32, session: u32) -> Result<(), Report> {
    let builder = tracing_failure::builder(dir).build_info(tracing_failure::build_info!());
    // The notices of one session are enough.
    let guard = builder.stderr_notice(session == 0).init()?;
    for name in names {
        let points = (session..runs).step_by(SESSIONS as usize).map(sequence::point);
        let summary = match name.as_str() {
            "newton" => sweep(points.map(newton::NewtonParameters::at), newton::NewtonParameters::run),
            "rg_flow" => sweep(points.map(rg_flow::FlowParameters::at), rg_flow::FlowParameters::run),
            _ => sweep(points.map(van_der_pol::OscillatorParameters::at), van_der_pol::OscillatorParameters::run),
        };
        guard.flush();
        println!("{name}, session {session}: {summary}");
    }
    Ok(())
}

fn sweep<P, T, E>(grid: impl Iterator<Item = P>, run: impl Fn(&P) -> Result<T, E> + Sync) -> String
where
    P: Send,
    T: Send,
    E: Display + Send,
{
    let results = Sweep::over(grid).run(run);
    let summary = format!("{} of {} runs failed", results.failure_count(), results.len());
    let first = results.failures().next().map(|(_, error)| format!(", the first with the error: {error}"));
    summary + &first.unwrap_or_default()
}

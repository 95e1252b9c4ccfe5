//! `failures runs`: the runs, outcomes and durations of each computation.

use std::io::Write;
use std::path::Path;

use ::corpus::{MIN_SUCCESSES, OddRun, RunCounts, RunSummary, RunTable, odd_runs};
use anyhow::Result;
use serde_json::json;
use text::thousands;

use crate::corpus::{CorpusSource, tables_by_failures};
use crate::exit_code::ExitCode;
use crate::screen::{Column, Screen, Table, duration, local_minute, one_line, paint, parameter, report};

/// Default number of odd runs for each computation.
const DEFAULT_ODD_RUNS: usize = 10;

#[derive(Debug, clap::Args)]
pub(crate) struct RunsOptions {
    /// The computation, or a part of its name [default: all].
    #[arg(value_name = "COMPUTATION")]
    computation: Option<String>,
    /// List the successes whose duration or convergence is far outside the usual range of their computation.
    #[arg(long)]
    odd: bool,
    /// Maximum number of odd runs of each computation; 0 for all.
    #[arg(long, short = 'n', value_name = "N", default_value_t = DEFAULT_ODD_RUNS, requires = "odd")]
    limit: usize,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: CorpusSource,
}

const COLUMNS: [Column; 9] = [
    Column::new("computation").style(paint::NAME).min_width(16),
    Column::new("runs").align_right(),
    Column::new("ok").align_right(),
    Column::new("failed").align_right(),
    Column::new("rate").align_right(),
    Column::new("median").align_right(),
    Column::new("longest").align_right().min_screen_width(80),
    Column::new("first").min_screen_width(120),
    Column::new("last").min_screen_width(100),
];

pub(crate) fn run(options: &RunsOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let corpus = options.source.open(dir, options.computation.as_deref())?;
    let tables = tables_by_failures(&corpus);
    if options.odd {
        write_odd(&tables, options, screen)?;
    } else {
        write_summaries(&tables, options.json, screen)?;
    }
    screen.flush()?;
    Ok(ExitCode::of_check(corpus.skipped().is_empty()))
}

fn write_summaries(tables: &[&RunTable], json: bool, screen: &mut Screen) -> Result<()> {
    let summaries: Vec<RunSummary> = tables.iter().map(|table| RunSummary::of(table)).collect();
    if json {
        return Ok(screen.write_pretty(&summaries)?);
    }
    let mut table = Table::new(&COLUMNS);
    for summary in &summaries {
        let number = |count: usize| thousands(count as u64);
        let counts = RunCounts { failed: summary.failed as u64, runs: (summary.runs - summary.cancelled) as u64 };
        table.push_row([
            one_line(&summary.computation).into_owned(),
            number(summary.runs),
            number(summary.ok),
            number(summary.failed),
            if counts.runs > 0 { counts.percent() } else { String::new() },
            summary.median_s.map(duration).unwrap_or_default(),
            summary.longest_s.map(duration).unwrap_or_default(),
            summary.first.map(local_minute).unwrap_or_default(),
            summary.last.map(local_minute).unwrap_or_default(),
        ]);
    }
    table.write(screen)?;
    for summary in summaries.iter().filter(|summary| summary.unknown + summary.cancelled > 0) {
        let others = [(summary.unknown, "without a statement of success"), (summary.cancelled, "cancelled")];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        let others: Vec<String> = others.map(|(count, what)| format!("{} {what}", thousands(count as u64))).collect();
        writeln!(screen, "{}: {}", one_line(&summary.computation), others.join(", "))?;
    }
    Ok(())
}

fn write_odd(tables: &[&RunTable], options: &RunsOptions, screen: &mut Screen) -> Result<()> {
    let limit = if options.limit == 0 { usize::MAX } else { options.limit };
    let odd: Vec<(&RunTable, Vec<OddRun>)> = tables.iter().map(|table| (*table, odd_runs(table))).collect();
    if options.json {
        let value = |(table, odd): &(&RunTable, Vec<OddRun>)| json!({ "computation": table.computation(), "count": odd.len(), "odd": &odd[..odd.len().min(limit)] });
        return Ok(screen.write_pretty(&odd.iter().map(value).collect::<Vec<_>>())?);
    }
    for (table, odd) in odd.iter().filter(|(_, odd)| !odd.is_empty()) {
        let name = screen.paint(paint::NAME, &one_line(table.computation())).to_string();
        writeln!(screen, "{name}: {} of {} runs are odd", thousands(odd.len() as u64), thousands(table.len() as u64))?;
        for run in odd.iter().take(limit) {
            let text = |value: f64| if run.quantity == "duration_s" { duration(value) } else { format!("{value:.3e}") };
            let parameters: Vec<String> =
                run.parameters.iter().map(|(name, value)| format!("{} {}", one_line(name), parameter(value))).collect();
            let [low, high] = run.usual.map(text);
            let (quantity, value) = (one_line(&run.quantity), text(run.value));
            writeln!(screen, "  {quantity} {value}, usually {low} to {high}: {}", parameters.join(", "))?;
        }
    }
    if odd.iter().all(|(_, odd)| odd.is_empty()) {
        report(format_args!("no odd runs among the computations with at least {MIN_SUCCESSES} successes"));
    }
    Ok(())
}

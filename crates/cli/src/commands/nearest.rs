//! `failures nearest`: compares a failure with the success that is nearest to it.

use std::io::Write;
use std::path::Path;

use ::corpus::{ParameterChange, RiskModel, RunComparison, RunTable, SimilarSuccess};
use anyhow::{Result, bail};
use record::{Failure, Map, Value};
use text::thousands;

use crate::corpus::{CorpusSource, failed_run, risk_percent, with_spinner};
use crate::exit_code::ExitCode;
use crate::records::open_record;
use crate::screen::{Column, Screen, Table, count, local_minute, one_line, paint, parameter};

#[derive(Debug, clap::Args)]
pub(crate) struct NearestOptions {
    /// `latest`, `latest~2` (the second before the latest), the beginning or end of an id, or a path.
    #[arg(default_value = "latest", value_name = "ID|PATH")]
    failure: String,
    /// Print the comparison as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: CorpusSource,
}

const COLUMNS: [Column; 3] = [
    Column::new("").style(paint::NAME).min_width(16),
    Column::new("failure").min_width(12),
    Column::new("success").min_width(12),
];

pub(crate) fn run(options: &NearestOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let record = open_record(&options.failure, dir)?;
    let failure = &record.failure;
    let corpus = options.source.open(dir, Some(&failure.computation))?;
    let Some(table) = corpus.table(&failure.computation) else { bail!("there are no runs of {}", failure.computation) };
    let parameters = parameters_of(failure, table);
    let comparison = with_spinner("searching", || RiskModel::new(table).nearest(&parameters));
    if options.json {
        screen.write_pretty(&comparison)?;
    } else {
        write_comparison(&comparison, screen)?;
    }
    screen.flush()?;
    Ok(ExitCode::of_check(record.is_certain && corpus.skipped().is_empty()))
}

/// The parameters of a failure as its closing line has them, because those of successes come from closing lines too.
fn parameters_of(failure: &Failure, table: &RunTable) -> Map {
    let run = failed_run(failure, table);
    run.map_or_else(|| failure.parameters.clone(), |run| table.parameters_of(run))
}

fn write_comparison(comparison: &RunComparison, screen: &mut Screen) -> Result<()> {
    let name = screen.paint(paint::NAME, &one_line(&comparison.computation));
    match &comparison.region {
        Some(region) => {
            let (failed, runs) = (thousands(region.counts.failed), thousands(region.counts.runs));
            writeln!(screen, "{name} failed in the region {}", one_line(&region.to_string()))?;
            writeln!(screen, "{failed} of {runs} runs there failed ({})", region.counts.percent())?;
        }
        None => writeln!(screen, "{name} failed outside all known regions")?,
    }
    if let Some(success) = &comparison.nearest_success {
        writeln!(screen)?;
        write_success(&comparison.parameters, success, screen)?;
    }
    if let Some(change) = &comparison.change {
        writeln!(screen, "\n{}", sentence(change))?;
    }
    for note in &comparison.notes {
        writeln!(screen, "{}", one_line(note))?;
    }
    Ok(())
}

fn write_success(parameters: &Map, similar: &SimilarSuccess, screen: &mut Screen) -> Result<()> {
    let success = &similar.success;
    let session = similar.session.as_deref().map(|session| format!("session {}", one_line(session)));
    let place: Vec<String> = session.into_iter().chain(similar.ended.map(local_minute)).collect();
    let place = place.join(", ");
    writeln!(screen, "nearest success: {place}")?;
    if !success.differs.is_empty() {
        let mut table = Table::new(&COLUMNS);
        for name in &success.differs {
            let [failed, succeeded] = [parameters, &success.parameters].map(|values| values.get(name)).map(text);
            table.push_row([one_line(name).into_owned(), failed, succeeded]);
        }
        table.write(screen)?;
    }
    let differs = |name: &str| success.differs.iter().any(|other| other == name);
    let equal = success.parameters.iter().filter(|(name, _)| !differs(name)).count();
    let verb = if equal == 1 { "is" } else { "are" };
    writeln!(screen, "{} of the success {verb} equal", count(equal, "parameter"))?;
    Ok(())
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "missing".to_owned(),
        Some(value) => parameter(value),
    }
}

/// `lambda 37.1 instead of 41 leaves the region; the risk is then 0.1 %: 0 of 20 comparable runs failed`.
fn sentence(change: &ParameterChange) -> String {
    let [from, to] = [&change.from, &change.to].map(|value| text(Some(value)));
    let name = one_line(&change.parameter);
    let (failed, runs) = (thousands(change.risk.counts.failed), thousands(change.risk.counts.runs));
    let risk = match change.risk.risk {
        Some(risk) => format!("the risk is then {}: {failed} of {runs} comparable runs failed", risk_percent(risk)),
        None => "too few runs are known there to estimate the risk".to_owned(),
    };
    format!("{name} {to} instead of {from} leaves the region; {risk}")
}

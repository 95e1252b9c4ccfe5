//! `failures risk`: estimates the risk that a run fails.

mod batch;
mod estimate_text;
mod parameters;

use std::io::Write;
use std::path::{Path, PathBuf};

use ::corpus::{RiskModel, RunTable};
use anyhow::{Result, bail};

use crate::corpus::{CorpusSource, with_spinner};
use crate::exit_code::ExitCode;
use crate::screen::{Screen, one_line};
use estimate_text::{summary, write_json};
use parameters::{ParameterArgument, check_names, parameter_map};

#[derive(Debug, clap::Args)]
pub(crate) struct RiskOptions {
    /// The computation, or a part of its name.
    #[arg(value_name = "COMPUTATION")]
    computation: String,
    /// The parameters of the run. Nested ones have names such as `opts.rtol` and `couplings[0]`.
    #[arg(value_name = "NAME=VALUE")]
    parameters: Vec<ParameterArgument>,
    /// End with exit code 3 if the risk is this high or higher, such as 0.5.
    #[arg(long, value_name = "RISK", value_parser = parse_risk)]
    at: Option<f64>,
    /// Estimate many runs: each line of the file is a JSON object with the parameters of one; - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "parameters")]
    batch: Option<PathBuf>,
    /// Print the estimate as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: CorpusSource,
}

fn parse_risk(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(risk) if (0.0..=1.0).contains(&risk) => Ok(risk),
        _ => Err("it must be a number between 0 and 1".to_owned()),
    }
}

pub(crate) fn run(options: &RiskOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let batch = options.batch.as_deref().map(batch::open).transpose()?;
    let corpus = options.source.open(dir, Some(&options.computation))?;
    let [table] = corpus.tables() else { bail!("there is no computation '{}'", options.computation) };
    let mut model = with_spinner("searching regions", || RiskModel::new(table));
    let (highest, is_complete) = match batch {
        Some(lines) => batch::estimate_all(lines, &mut model, options.json, screen)?,
        None => (estimate_one(options, table, &mut model, screen)?, true),
    };
    screen.flush()?;
    Ok(match (highest, options.at) {
        (Some(risk), Some(at)) if risk >= at => ExitCode::HighRisk,
        _ => ExitCode::of_check(is_complete && corpus.skipped().is_empty()),
    })
}

fn estimate_one(
    options: &RiskOptions,
    table: &RunTable,
    model: &mut RiskModel<'_>,
    screen: &mut Screen,
) -> Result<Option<f64>> {
    check_names(&options.parameters, table)?;
    let estimate = model.estimate(&parameter_map(&options.parameters, table));
    if options.json {
        write_json(&estimate, screen)?;
    } else {
        writeln!(screen, "{}", summary(&estimate, screen))?;
        for note in &estimate.notes {
            writeln!(screen, "{}", one_line(note))?;
        }
    }
    Ok(estimate.risk)
}

//! The risks of many runs, whose parameters are lines of a file.

use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdin};
use std::path::Path;

use ::corpus::{RiskEstimate, RiskModel};
use anyhow::{Context, Result};
use record::Map;

use super::estimate_text::{summary, write_json};
use crate::screen::{Screen, one_line, report};

/// The lines of a batch, and the name of their file.
pub(super) struct BatchLines {
    name: String,
    lines: Box<dyn BufRead>,
}

pub(super) fn open(path: &Path) -> Result<BatchLines> {
    if path == Path::new("-") {
        return Ok(BatchLines { name: "standard input".to_owned(), lines: Box::new(BufReader::new(stdin())) });
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
    Ok(BatchLines { name, lines: Box::new(BufReader::new(file)) })
}

/// Writes the estimate of each line. Returns the highest risk, and whether all lines were valid.
pub(super) fn estimate_all(
    batch: BatchLines,
    model: &mut RiskModel<'_>,
    json: bool,
    screen: &mut Screen,
) -> Result<(Option<f64>, bool)> {
    let (mut highest, mut is_complete): (Option<f64>, bool) = (None, true);
    for (index, line) in batch.lines.split(b'\n').enumerate() {
        let line = line.with_context(|| format!("cannot read {}", batch.name))?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let estimate = match serde_json::from_slice::<Map>(&line) {
            Ok(parameters) => model.estimate(&parameters),
            Err(error) => {
                is_complete = false;
                let note = format!("{}, line {}: not a JSON object of parameters: {error}", batch.name, index + 1);
                report(format_args!("failures: {}", one_line(&note)));
                RiskEstimate::nothing(vec![note])
            }
        };
        highest = highest.into_iter().chain(estimate.risk).reduce(f64::max);
        if json {
            write_json(&estimate, screen)?;
        } else {
            let line = summary(&estimate, screen);
            let notes: Vec<String> = estimate.notes.iter().map(|note| format!(" {}", one_line(note))).collect();
            writeln!(screen, "{line}{}", notes.concat())?;
        }
    }
    Ok((highest, is_complete))
}

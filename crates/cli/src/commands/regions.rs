//! `failures regions`: shows the regions of the parameters in which runs fail.

use std::io::Write;
use std::path::Path;

use ::corpus::{REGIONS_FILE_NAME, Region, RegionReport, SavedRegions, find_regions};
use anyhow::{Context, Result};
use text::thousands;

use crate::corpus::{CorpusSource, tables_by_failures, with_spinner};
use crate::exit_code::ExitCode;
use crate::records::failures_dir;
use crate::screen::{Screen, one_line, paint, report, width};

#[derive(Debug, clap::Args)]
pub(crate) struct RegionsOptions {
    /// The computation, or a part of its name [default: each that has failures].
    #[arg(value_name = "COMPUTATION")]
    computation: Option<String>,
    /// Save the regions next to the records. The records of later failures then name their region.
    #[arg(long)]
    save: bool,
    /// Print the regions as JSON: an object for one computation, otherwise an array.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: CorpusSource,
}

pub(crate) fn run(options: &RegionsOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let corpus = options.source.open(dir, options.computation.as_deref())?;
    let mut tables = tables_by_failures(&corpus);
    if options.computation.is_none() && tables.len() > 1 {
        tables.retain(|table| table.failed_count() > 0);
    }
    let search = || tables.iter().map(|table| find_regions(table)).collect();
    let reports: Vec<RegionReport> = with_spinner("searching regions", search);
    if options.save {
        save(&reports, dir)?;
    }
    match (&*reports, &options.computation) {
        ([one], Some(_)) if options.json => screen.write_pretty(one)?,
        (all, _) if options.json => screen.write_pretty(&all)?,
        (all, _) => {
            for (index, report) in all.iter().enumerate() {
                if index > 0 {
                    writeln!(screen)?;
                }
                write_report(report, all.len() > 1 || options.computation.is_none(), screen)?;
            }
        }
    }
    screen.flush()?;
    if reports.is_empty() {
        report(format_args!("no computation has failed"));
    }
    Ok(ExitCode::of_check(corpus.skipped().is_empty()))
}

/// Saves the regions. Those of other computations stay.
fn save(reports: &[RegionReport], dir: Option<&Path>) -> Result<()> {
    let store = failures_dir(dir)?;
    let file = store.join(REGIONS_FILE_NAME);
    let mut saved = if file.exists() {
        SavedRegions::read(&store)
            .with_context(|| format!("cannot read {}: delete it to save the regions anew", file.display()))?
    } else {
        SavedRegions::default()
    };
    reports.iter().for_each(|report| saved.replace(report));
    saved.write(&store)?;
    report(format_args!("saved in {}", file.display()));
    Ok(())
}

fn write_report(report: &RegionReport, names_computation: bool, screen: &mut Screen) -> Result<()> {
    let counts = report.counts;
    if names_computation {
        writeln!(screen, "{}", screen.paint(paint::NAME, &one_line(&report.computation)))?;
    }
    let (failed, runs) = (thousands(counts.failed), thousands(counts.runs));
    if counts.runs > 0 {
        writeln!(screen, "{failed} of {runs} runs fail ({})", counts.percent())?;
    }
    let conditions: Vec<String> = report.rules.iter().map(|rule| one_line(&rule.to_string()).into_owned()).collect();
    let results: Vec<String> = report.rules.iter().map(result).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| width(text)).max().unwrap_or_default();
    let (condition_width, result_width) = (widest(&conditions), widest(&results));
    let fits = screen.width.is_none_or(|columns| condition_width + result_width + 40 <= columns);
    for (index, rule) in report.rules.iter().enumerate() {
        let (condition, result) = (&conditions[index], &results[index]);
        let nearest =
            rule.nearest_text().map(|nearest| format!("nearest success: {}", one_line(&nearest))).unwrap_or_default();
        let painted = screen.paint(paint::NAME, condition);
        if fits {
            let gap = condition_width - width(condition) + 3;
            let second = result_width - width(result) + 3;
            let line = format!("{:3}  {painted}{:gap$}{result}{:second$}{nearest}", index + 1, "", "");
            writeln!(screen, "{}", line.trim_end())?;
        } else {
            writeln!(screen, "{:3}  {painted}\n     {result}", index + 1)?;
            if !nearest.is_empty() {
                writeln!(screen, "     {nearest}")?;
            }
        }
    }
    for note in &report.notes {
        writeln!(screen, "{}", one_line(note))?;
    }
    Ok(())
}

/// `1,150 of 1,163 fail (98.9 %; held out: 381 of 386)`.
fn result(rule: &Region) -> String {
    let (failed, runs) = (thousands(rule.counts.failed), thousands(rule.counts.runs));
    let held_out =
        rule.held_out.map(|counts| format!("held out: {} of {}", thousands(counts.failed), thousands(counts.runs)));
    let rate = (rule.counts.failed < rule.counts.runs).then(|| rule.counts.percent());
    let details: Vec<String> = rate.into_iter().chain(held_out).collect();
    match details.is_empty() {
        true => format!("{failed} of {runs} fail"),
        false => format!("{failed} of {runs} fail ({})", details.join("; ")),
    }
}

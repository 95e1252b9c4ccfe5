//! `failures report`: writes an HTML page about all computations.

mod groups;

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use ::corpus::{Corpus, RegionReport, RunTable, find_regions};
use ::report::{CorpusReport, ReportTable, render};
use anyhow::{Context, Result, bail};
use bytesize::ByteSize;
use record::Durability;
use record::internal::write_whole;
use serde_json::json;
use text::thousands;

use crate::corpus::{CorpusSource, resolve_name, tables_by_failures, with_spinner};
use crate::exit_code::ExitCode;
use crate::screen::{Screen, count, one_line};
use groups::failure_groups;

/// The beginning of a page in which it names its author. Another file is never overwritten.
const GENERATOR: &str = r#"<meta name="generator" content="tracing-failure">"#;
/// Number of bytes in which a page names its author.
const HEAD_BYTES: u64 = 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct ReportOptions {
    /// The computations, or a part of the name of each [default: all].
    #[arg(value_name = "COMPUTATION")]
    computations: Vec<String>,
    /// The file, or - for standard output. An earlier report is replaced; another file is not.
    #[arg(long, short, value_name = "FILE", default_value = "report.html")]
    out: PathBuf,
    /// The title of the page [default: the name of the computation or of the directory].
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,
    /// Print a JSON object about the file.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: CorpusSource,
}

pub(crate) fn run(options: &ReportOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    check_out(&options.out)?;
    let only = if let [computation] = &*options.computations { Some(&**computation) } else { None };
    let corpus = options.source.open(dir, only)?;
    let mut tables = tables_by_failures(&corpus);
    if options.computations.len() > 1 {
        let known: Vec<String> = tables.iter().map(|table| table.computation().to_owned()).collect();
        let names = options.computations.iter().map(|name| resolve_name(name, &known));
        let names = names.collect::<Result<HashSet<String>>>()?;
        tables.retain(|table| names.contains(table.computation()));
    }
    let search = || tables.iter().map(|table| find_regions(table)).collect();
    let regions: Vec<RegionReport> = with_spinner("searching regions", search);
    let title = match (&options.title, &*tables) {
        (Some(title), _) => title.clone(),
        (None, [table]) => table.computation().to_owned(),
        (None, _) => directory_name(&options.source.dirs(dir)?),
    };
    let mut report = CorpusReport::new(title, record::time::now());
    report.tables = tables.iter().zip(&regions).map(|(runs, regions)| ReportTable { runs, regions }).collect();
    let groups = failure_groups(&tables);
    (report.groups, report.omitted_groups) = (groups.groups, groups.omitted);
    report.notes = notes(&corpus, groups.unreadable);
    let html = render(&report);
    if options.out == Path::new("-") {
        screen.write_all(html.as_bytes())?;
        screen.flush()?;
        return Ok(ExitCode::of_check(corpus.skipped().is_empty()));
    }
    write(&options.out, html.as_bytes())?;
    write_summary(options, &tables, report.groups.len() + report.omitted_groups, html.len(), screen)?;
    screen.flush()?;
    Ok(ExitCode::of_check(corpus.skipped().is_empty()))
}

/// Refuses to replace a file that is not a report.
fn check_out(out: &Path) -> Result<()> {
    if out == Path::new("-") {
        return Ok(());
    }
    let Ok(metadata) = std::fs::metadata(out) else { return Ok(()) };
    let shown = out.display();
    if metadata.is_dir() {
        bail!("{shown} is a directory: name a file, for example {}", out.join("report.html").display());
    }
    if !metadata.is_file() {
        bail!("{shown} is not an ordinary file: name another one, or - for standard output");
    }
    let mut head = Vec::new();
    let file = File::open(out).with_context(|| format!("cannot read {shown}"))?;
    file.take(HEAD_BYTES).read_to_end(&mut head).with_context(|| format!("cannot read {shown}"))?;
    if !head.is_empty() && !String::from_utf8_lossy(&head).contains(GENERATOR) {
        bail!("{shown} exists and is not a report: choose another name, or delete the file");
    }
    Ok(())
}

/// Writes the page. The file is replaced as a whole or stays as it is.
fn write(out: &Path, html: &[u8]) -> Result<()> {
    let dir = out.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = out.file_name().and_then(|name| name.to_str());
    let Some(name) = name else { bail!("{} is no file name in Unicode: choose another one", out.display()) };
    write_whole(dir, name, html, Durability::Process)?;
    Ok(())
}

fn directory_name(dirs: &[PathBuf]) -> String {
    let [dir] = dirs else { return "Computations".to_owned() };
    let absolute = std::fs::canonicalize(dir).unwrap_or_else(|_| dir.clone());
    // The project: the directory that contains io.
    let io = if absolute.ends_with("io/failures") { absolute.parent() } else { Some(&*absolute) };
    let root = io.and_then(|io| if io.ends_with("io") { io.parent() } else { Some(io) });
    let name = root.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "Computations".to_owned())
}

fn notes(corpus: &Corpus, unreadable: usize) -> Vec<String> {
    let skipped = corpus.skipped();
    let mut notes: Vec<String> = skipped.parts().iter().map(|part| format!("Skipped: {part}")).collect();
    notes.extend(corpus.notes().iter().cloned());
    if unreadable > 0 {
        notes.push(format!("{} could not be read, so these groups are absent.", count(unreadable, "record")));
    }
    notes
}

fn write_summary(
    options: &ReportOptions,
    tables: &[&RunTable],
    groups: usize,
    bytes: usize,
    screen: &mut Screen,
) -> Result<()> {
    let runs: usize = tables.iter().map(|table| table.len()).sum();
    let failed: usize = tables.iter().map(|table| table.failed_count()).sum();
    let out = options.out.display().to_string();
    if options.json {
        let summary = json!({ "file": out, "bytes": bytes, "computations": tables.len(), "runs": runs, "failed": failed, "groups": groups });
        return Ok(screen.write_pretty(&summary)?);
    }
    let run_or_runs = if runs == 1 { "run" } else { "runs" };
    let [runs, failed] = [runs, failed].map(|number| thousands(number as u64));
    let size = ByteSize(bytes as u64).display().si();
    let computations = count(tables.len(), "computation");
    Ok(writeln!(screen, "{}: {size}; {computations}, {runs} {run_or_runs}, {failed} failed", one_line(&out))?)
}

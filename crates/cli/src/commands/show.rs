//! `failures show`: shows one failure.

mod place;
mod sections;
mod trail;

use std::io::Write;
use std::path::Path;

use ::corpus::{Region, RegionFile};
use ::report::render_failure;
use anyhow::{Context, Result};
use record::{Failure, Resolution, Store};

use crate::exit_code::ExitCode;
use crate::records::{RecordEntry, RecordPath, compact_json, find_record, open_record, read_bytes};
use crate::screen::Screen;

#[derive(Debug, clap::Args)]
pub(crate) struct ShowOptions {
    /// `latest`, `latest~2` (the second before the latest), the beginning or end of an id, or a path.
    #[arg(default_value = "latest", value_name = "ID|PATH")]
    failure: String,
    /// Print the record as one line of JSON.
    #[arg(long, conflicts_with = "raw")]
    json: bool,
    /// Print the failure as an HTML page: failures show --html > failure.html.
    #[arg(long, conflicts_with_all = ["raw", "json"])]
    html: bool,
    /// Print the file unchanged. On a terminal, control characters are escaped.
    #[arg(long)]
    raw: bool,
    /// Also show stack frames of libraries.
    #[arg(long)]
    frames: bool,
}

pub(crate) fn run(options: &ShowOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    if options.raw {
        let RecordPath { path, is_certain } = find_record(&options.failure, dir)?;
        let mut bytes = Vec::new();
        read_bytes(&mut bytes, &path).with_context(|| path.display().to_string())?;
        screen.write_raw(&bytes)?;
        screen.flush()?;
        return Ok(ExitCode::of_check(is_certain));
    }
    let record = open_record(&options.failure, dir)?;
    if options.json {
        screen.write_json(&compact_json(&String::from_utf8_lossy(&record.json)))?;
        writeln!(screen)?;
    } else if options.html {
        screen.write_all(render_failure(&diagnosed(&record)).as_bytes())?;
    } else {
        write_all(&record, options.frames, screen)?;
    }
    screen.flush()?;
    Ok(ExitCode::of_check(record.is_certain))
}

fn write_all(record: &RecordEntry, library_frames: bool, screen: &mut Screen) -> Result<()> {
    let failure = &diagnosed(record);
    sections::write_head(failure, screen)?;
    sections::write_errors(failure, screen)?;
    sections::write_parameters(failure, screen)?;
    sections::write_event_fields(failure, screen)?;
    place::write(failure, library_frames, screen)?;
    place::write_panics(failure, screen)?;
    sections::write_spans(failure, screen)?;
    trail::write(failure, screen)?;
    sections::write_breadcrumbs(failure, screen)?;
    sections::write_region(region_of(record).as_ref(), failure, screen)?;
    sections::write_suggestions(failure, &earlier_fixes(record)?, screen)?;
    sections::write_origin(record, screen)
}

/// Records of other programs have no diagnosis. It is computed for the output only.
fn diagnosed(record: &RecordEntry) -> Failure {
    let mut failure = record.failure.clone();
    diagnose::diagnose(&mut failure);
    failure
}

/// The saved region that contains the failure.
fn region_of(record: &RecordEntry) -> Option<Region> {
    RegionFile::new(dir_of(record)).region_of(&record.failure.computation, &record.failure.parameters)
}

fn dir_of(record: &RecordEntry) -> &Path {
    record.path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The fixes of earlier failures with the same fingerprint, from the list in the directory of the record.
fn earlier_fixes(record: &RecordEntry) -> Result<Vec<Resolution>> {
    Ok(Store::open(dir_of(record))?.resolutions(&record.failure.fingerprint()))
}

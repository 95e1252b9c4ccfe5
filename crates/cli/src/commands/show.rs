//! `failures show`: one record for human eyes.

mod place;
mod sections;
mod trail;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use tracing_failure::{Resolution, Store};

use crate::exit_code::ExitCode;
use crate::records::{Found, Picked, find, on_one_line, pick, read_bytes};
use crate::screen::Screen;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// `latest`, `latest~2` for the second before it, the beginning or end of the id, or a file.
    #[arg(default_value = "latest", value_name = "ID|PATH")]
    failure: String,
    /// Print the record as one line of JSON.
    #[arg(long, conflicts_with = "raw")]
    json: bool,
    /// Print the file as it is; a terminal gets its control characters spelt out.
    #[arg(long)]
    raw: bool,
    /// Show the frames of libraries as well.
    #[arg(long)]
    frames: bool,
}

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    if options.raw {
        let Found { path, is_sure } = find(&options.failure, dir)?;
        let mut bytes = Vec::new();
        read_bytes(&mut bytes, &path).with_context(|| path.display().to_string())?;
        screen.write_raw(&bytes)?;
        screen.flush()?;
        return Ok(ExitCode::of_check(is_sure));
    }
    let picked = pick(&options.failure, dir)?;
    if options.json {
        screen.write_json(&on_one_line(&String::from_utf8_lossy(&picked.json)))?;
        writeln!(screen)?;
    } else {
        write_all(&picked, options.frames, screen)?;
    }
    screen.flush()?;
    Ok(ExitCode::of_check(picked.is_sure))
}

fn write_all(picked: &Picked, library_frames: bool, screen: &mut Screen) -> Result<()> {
    // A record of another program has no diagnosis; nothing is written into it.
    let mut diagnosed = picked.failure.clone();
    diagnosed.diagnose();
    let failure = &diagnosed;
    sections::head(failure, screen)?;
    sections::errors(failure, screen)?;
    sections::parameters(failure, screen)?;
    sections::event(failure, screen)?;
    place::write(failure, library_frames, screen)?;
    place::panics(failure, screen)?;
    sections::spans(failure, screen)?;
    trail::write(failure, screen)?;
    sections::breadcrumbs(failure, screen)?;
    sections::suggestions(failure, &fixed_before(picked)?, screen)?;
    sections::run(picked, screen)
}

/// What fixed failures like this one, as it is noted beside the records.
fn fixed_before(picked: &Picked) -> Result<Vec<Resolution>> {
    let dir = picked.path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(Store::open(dir)?.resolutions(&picked.failure.fingerprint()))
}

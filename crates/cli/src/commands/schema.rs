//! `failures schema`: the JSON Schema of a record.

use std::io::Write;

use anyhow::Result;

use crate::exit_code::ExitCode;
use crate::screen::Screen;

pub(crate) fn run(screen: &mut Screen) -> Result<ExitCode> {
    screen.write_all(record::SCHEMA.as_bytes())?;
    screen.flush()?;
    Ok(ExitCode::Success)
}

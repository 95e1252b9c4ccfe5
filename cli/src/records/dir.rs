//! Where the records are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tracing_failure_advice::shared::existing_store;

/// The directory that was given, or the `failures` in it; else the nearest `io/failures`, here or above.
pub(crate) fn failures_dir(given: Option<&Path>) -> Result<PathBuf> {
    let Some(given) = given else { return nearest() };
    let inner = given.join("failures");
    match given.is_dir() {
        true if inner.is_dir() => Ok(inner),
        true => Ok(given.to_owned()),
        false if given.exists() => bail!("{} is no directory", given.display()),
        false => bail!("there is no directory {}: no failure was recorded there yet?", given.display()),
    }
}

fn nearest() -> Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell the current directory: say where with --dir")?;
    let found = here.ancestors().map(|above| above.join("io/failures")).find(|dir| dir.is_dir());
    let found = found.with_context(|| {
        format!(
            "no io/failures in {} or above it: no failure was recorded yet, or say where with --dir",
            here.display()
        )
    })?;
    Ok(match found.strip_prefix(&here) {
        Ok(rest) if rest.as_os_str().is_empty() => PathBuf::from("."),
        Ok(rest) => rest.to_owned(),
        Err(_) => found,
    })
}

/// The files of the records, oldest first by name.
pub(crate) fn paths(dir: &Path) -> Result<Vec<PathBuf>> {
    // A store knows itself by its absolute path; people know the one that they gave.
    let names =
        existing_store(dir)?.paths()?.into_iter().filter_map(|path| path.file_name().map(|name| dir.join(name)));
    Ok(names.collect())
}

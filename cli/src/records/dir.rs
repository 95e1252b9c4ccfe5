//! Where the records are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tracing_failure_advice::shared::existing_store;

use crate::screen::{count, say};

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

/// The files of the records, oldest first by name. Files that can be none because of their names are named on stderr.
pub(crate) fn paths(dir: &Path) -> Result<Vec<PathBuf>> {
    let paths = paths_of(dir)?;
    let unnamable: Vec<PathBuf> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .filter(|name| name.to_str().is_none() && name.as_encoded_bytes().ends_with(b".json"))
        .map(|name| dir.join(name))
        .collect();
    if let Some(first) = unnamable.iter().min() {
        let files = count(unnamable.len(), "file");
        say(format_args!("failures: {files} left out, since the name is not UTF-8, e.g. {}", first.display()));
    }
    Ok(paths)
}

/// The same without a word.
pub(crate) fn paths_of(dir: &Path) -> Result<Vec<PathBuf>> {
    // A store knows itself by its absolute path; people know the one that they gave.
    let names =
        existing_store(dir)?.paths()?.into_iter().filter_map(|path| path.file_name().map(|name| dir.join(name)));
    Ok(names.collect())
}

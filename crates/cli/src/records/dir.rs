//! Where the records are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tracing_failure_advice::shared::existing_store;

/// The directory that was given, or the `failures` in it; else the nearest `io/failures`, here or above.
pub(crate) fn failures_dir(as_given: Option<&Path>) -> Result<PathBuf> {
    let Some(as_given) = as_given else { return nearest_failures_dir() };
    let inner = as_given.join("failures");
    match as_given.is_dir() {
        true if inner.is_dir() => Ok(inner),
        true => Ok(as_given.to_owned()),
        false if as_given.exists() => bail!("{} is no directory", as_given.display()),
        false => bail!("there is no directory {}: no failure was recorded there yet?", as_given.display()),
    }
}

fn nearest_failures_dir() -> Result<PathBuf> {
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

/// What a directory holds.
pub(crate) struct Listing {
    /// The files of the records, oldest first by name.
    pub(crate) paths: Vec<PathBuf>,
    /// Conflict copies of them, each with its original.
    pub(super) copies: Vec<(PathBuf, PathBuf)>,
    /// Files that can be no records because of their names.
    pub(super) non_utf8: Vec<PathBuf>,
}

/// Lists a directory of records.
pub(crate) fn list_records(dir: &Path) -> Result<Listing> {
    let store = existing_store(dir)?;
    // A store knows itself by its absolute path; people know the one that they gave.
    let as_given = |path: PathBuf| path.file_name().map_or(path.clone(), |name| dir.join(name));
    let (paths, copies) = store.paths_and_copies()?;
    let paths = paths.into_iter().map(as_given).collect();
    let copies = copies.into_iter().map(|(copy, original)| (as_given(copy), as_given(original))).collect();
    let names = std::fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.file_name()));
    let is_non_utf8 = |name: &OsString| name.to_str().is_none() && name.as_encoded_bytes().ends_with(b".json");
    Ok(Listing { paths, copies, non_utf8: names.filter(is_non_utf8).map(|name| dir.join(name)).collect() })
}

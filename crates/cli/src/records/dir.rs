//! The directory of the records.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use record::internal::existing_store;

/// Returns the user's directory or its subdirectory `failures`. Without a directory, searches for `io/failures` in
/// the current directory and its parents.
pub(crate) fn failures_dir(user_dir: Option<&Path>) -> Result<PathBuf> {
    let Some(user_dir) = user_dir else { return nearest_failures_dir() };
    let subdirectory = user_dir.join("failures");
    if user_dir.is_dir() {
        Ok(if subdirectory.is_dir() { subdirectory } else { user_dir.to_owned() })
    } else if user_dir.exists() {
        bail!("{} is not a directory", user_dir.display())
    } else {
        bail!("no such directory: {} (no failure has been recorded there yet)", user_dir.display())
    }
}

fn nearest_failures_dir() -> Result<PathBuf> {
    let here = std::env::current_dir().context("cannot determine the current directory: use --dir")?;
    let found = here.ancestors().map(|above| above.join("io/failures")).find(|dir| dir.is_dir());
    let found = found.with_context(|| {
        format!("no io/failures in {} or its parents: use --dir if the records are elsewhere", here.display())
    })?;
    Ok(match found.strip_prefix(&here) {
        Ok(rest) if rest.as_os_str().is_empty() => PathBuf::from("."),
        Ok(rest) => rest.to_owned(),
        Err(_) => found,
    })
}

/// The contents of a directory of records.
pub(crate) struct Listing {
    /// The files of the records, sorted by the time in their names.
    pub(crate) paths: Vec<PathBuf>,
    /// Conflict copies of records, each with its original.
    pub(super) copies: Vec<(PathBuf, PathBuf)>,
    /// JSON files whose names are not UTF-8. Commands cannot read them.
    pub(super) non_utf8: Vec<PathBuf>,
}

/// Lists a directory of records.
pub(crate) fn list_records(dir: &Path) -> Result<Listing> {
    let store = existing_store(dir)?;
    // The store returns absolute paths. Messages use the path that the user gave.
    let below_user_dir = |path: PathBuf| path.file_name().map_or(path.clone(), |name| dir.join(name));
    let (paths, copies) = store.paths_and_copies()?;
    let paths = paths.into_iter().map(below_user_dir).collect();
    let copies = copies.into_iter().map(|(copy, original)| (below_user_dir(copy), below_user_dir(original))).collect();
    let names = std::fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.file_name()));
    let is_non_utf8 = |name: &OsString| name.to_str().is_none() && name.as_encoded_bytes().ends_with(b".json");
    Ok(Listing { paths, copies, non_utf8: names.filter(is_non_utf8).map(|name| dir.join(name)).collect() })
}

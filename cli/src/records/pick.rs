//! One record by a name that people have at hand.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tracing_failure::Failure;

use super::{failures_dir, paths};

/// A record and its file.
pub(crate) struct Picked {
    pub(crate) path: PathBuf,
    pub(crate) failure: Failure,
}

/// Digits of an id that people may give.
const LEAST_DIGITS: usize = 4;

/// The file of this name: `latest`, `latest~2` for the second before it, a part of the id, the file's name, or a path.
///
/// # Errors
///
/// When there is none, or more than one.
pub(crate) fn find(name: &str, dir: Option<&Path>) -> Result<PathBuf> {
    match Path::new(name) {
        path if path.is_file() => Ok(path.to_owned()),
        _ => in_directory(name, &failures_dir(dir)?),
    }
}

/// The record of this name.
///
/// # Errors
///
/// When there is none, more than one, or it is broken.
pub(crate) fn pick(name: &str, dir: Option<&Path>) -> Result<Picked> {
    let path = find(name, dir)?;
    let failure = Failure::from_path(&path)?;
    Ok(Picked { path, failure })
}

fn in_directory(name: &str, dir: &Path) -> Result<PathBuf> {
    let mut paths = paths(dir)?;
    if let Some(before) = steps_before_latest(name) {
        let there = paths.len();
        let place = there.checked_sub(1 + before);
        return match place {
            Some(place) => Ok(paths.swap_remove(place)),
            None if there == 0 => bail!("no failures in {}", dir.display()),
            None => bail!("{name}: {} has {there} failures only", dir.display()),
        };
    }
    let mut found: Vec<PathBuf> = paths.into_iter().filter(|path| is_named(path, name)).collect();
    match found.len() {
        1 => Ok(found.swap_remove(0)),
        0 => bail!("no failure {name:?} in {}: `failures list` shows which there are", dir.display()),
        some => {
            bail!("{some} failures match {name:?}, e.g. {} and {}: say more of it", show(&found[0]), show(&found[1]))
        }
    }
}

fn show(path: &Path) -> std::path::Display<'_> {
    Path::new(path.file_name().unwrap_or_default()).display()
}

/// 0 for `latest`, 2 for `latest~2`.
fn steps_before_latest(name: &str) -> Option<usize> {
    match name.strip_prefix("latest")? {
        "" | ".json" => Some(0),
        rest => rest.strip_prefix('~')?.parse().ok(),
    }
}

/// Whether a file is of this name, or its id begins or ends so.
fn is_named(path: &Path, name: &str) -> bool {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return false };
    let id = stem.rsplit('_').next().unwrap_or(stem);
    stem == name.strip_suffix(".json").unwrap_or(name)
        || (name.len() >= LEAST_DIGITS && (id.starts_with(name) || id.ends_with(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_have_at_hand() {
        let path = Path::new("io/failures/rg_flow_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json");
        for name in [
            "01a21351-ff9b-736d-ac9d-0e7e3264969e",
            "01a21351",
            "3264969e",
            "969e",
            "rg_flow_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e",
            "rg_flow_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json",
        ] {
            assert!(is_named(path, name), "{name}");
        }
        for name in ["", "69e", "rg_flow", "736d"] {
            assert!(!is_named(path, name), "{name}");
        }
        assert_eq!(steps_before_latest("latest"), Some(0));
        assert_eq!(steps_before_latest("latest~12"), Some(12));
        assert_eq!(steps_before_latest("latest~"), None);
        assert_eq!(steps_before_latest("rg_flow"), None);
    }
}

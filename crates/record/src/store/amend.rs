//! Amends records with parameters, suggestions and resolutions. All other parts of the text stay unchanged, to the
//! digit.

mod amendment;
mod error;
mod lock;
mod replace;
mod text;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use runtime::io_error::about;
use uuid::Uuid;

use super::directory::Store;
use super::names::LATEST_NAME;
use super::read::read_json;
use crate::failure::Failure;
pub use amendment::Amendment;
use error::{ensure, with_context};
pub use lock::RecordLock;
use lock::{LOCK_TIMEOUT, is_ordinary_file};
use replace::replace;

/// Amends a record, and `latest.json` if that is a copy of it. All other parts of the text stay unchanged, to the
/// digit. Returns the number of new suggestions.
///
/// The file keeps its owner, group and mode. A link to a record stays a link: the record itself is amended.
///
/// # Errors
///
/// Fails if the file is no record, if it cannot be read or written, or if its owner and group cannot be preserved.
///
/// ```
/// use tracing_failure::record::Resolution;
/// use tracing_failure::{Failure, Store};
/// use tracing_failure::record::{Amendment, amend};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-amend-{}", std::process::id()));
/// let path = Store::open(&dir)?.write(&Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "no convergence"))?;
/// let mut resolution = Resolution::default();
/// resolution.fix = "started at 3.5".to_owned();
/// amend(&path, &Amendment::of_resolution(resolution))?;
/// assert_eq!(Failure::from_path(&path)?.context.resolution.unwrap().fix, "started at 3.5");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn amend(path: impl AsRef<Path>, amendment: &Amendment) -> io::Result<usize> {
    RecordChange::new(path.as_ref(), amendment).apply().map(|amended| amended.added)
}

/// Amends a record that was read earlier, unless the file now contains another failure.
///
/// A path to `latest.json` means the record of this failure, not the newest record.
///
/// # Errors
///
/// Fails as [`amend`] does, and if the file now contains another record.
///
/// ```
/// use tracing_failure::{Failure, Store};
/// use tracing_failure::record::{Amendment, amend_failure};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-amend-failure-{}", std::process::id()));
/// let path = Store::open(&dir)?.write(&Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "no convergence"))?;
/// let other = Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "singular");
/// let error = amend_failure(&path, &other, &Amendment::default()).unwrap_err();
/// assert!(error.to_string().contains("now contains another record"));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn amend_failure(path: impl AsRef<Path>, failure: &Failure, amendment: &Amendment) -> io::Result<usize> {
    RecordChange::new(path.as_ref(), amendment).of(failure).apply().map(|amended| amended.added)
}

/// An amendment and the conditions under which it is written.
pub struct RecordChange<'a> {
    path: &'a Path,
    amendment: &'a Amendment,
    failure: Option<&'a Failure>,
    stop: Option<&'a AtomicBool>,
}

/// The result of amending a record.
pub struct AmendResult {
    /// The file of the record itself, even if the given path was a copy or a link.
    pub path: PathBuf,
    /// The number of new suggestions.
    pub added: usize,
}

impl<'a> RecordChange<'a> {
    /// Creates a change of the record in a file.
    pub fn new(path: &'a Path, amendment: &'a Amendment) -> Self {
        RecordChange { path, amendment, failure: None, stop: None }
    }

    /// Restricts the change to this failure: it fails if the file contains another one.
    #[must_use]
    pub fn of(self, failure: &'a Failure) -> Self {
        RecordChange { failure: Some(failure), ..self }
    }

    /// Stops without a change once this flag is set.
    #[must_use]
    pub fn unless(self, stop: &'a AtomicBool) -> Self {
        RecordChange { stop: Some(stop), ..self }
    }

    /// Writes the change.
    ///
    /// # Errors
    ///
    /// Fails if the record cannot be amended. It is unchanged then.
    pub fn apply(self) -> io::Result<AmendResult> {
        self.apply_with(|| Ok(()))
    }

    /// Writes the change and calls `also` directly before the last step, the renaming of a file. An error of `also`
    /// leaves the record unchanged.
    ///
    /// # Errors
    ///
    /// Fails if the record cannot be amended. It is unchanged then.
    pub fn apply_with(self, also: impl FnOnce() -> io::Result<()>) -> io::Result<AmendResult> {
        let never = AtomicBool::new(false);
        let stop = self.stop.unwrap_or(&never);
        let path = self.record_file()?;
        let record_lock = RecordLock::acquire(&path, stop)?;
        let (json, known) = read(&path)?;
        if let Some(failure) = self.failure {
            ensure(is_same(failure, &known), || {
                format!("not amended: {} now contains another record", path.display())
            })?;
        }
        let (amended, added) =
            text::amend(&json, self.amendment).map_err(|error| about(&path, "cannot amend", error))?;
        if amended == json {
            also()?;
            return Ok(AmendResult { path, added });
        }
        let path_text = path.display();
        replace(&path, &amended, || {
            ensure(!stop.load(Ordering::Relaxed), || format!("interrupted: {path_text} is unchanged"))?;
            ensure(record_lock.is_current(), || format!("not amended: another program replaced {path_text}"))?;
            also()
        })?;
        if let Some(id) = known.context.id {
            amend_copy(&path.with_file_name(LATEST_NAME), id, &amended)
                .map_err(|error| with_context("the record is amended, but its copy is not", error))?;
        }
        Ok(AmendResult { path, added })
    }

    /// Returns the file of the record. For `latest.json`, this is the original of the copy.
    fn record_file(&self) -> io::Result<PathBuf> {
        let path = self.path.canonicalize().map_err(|error| with_context(self.path.display(), error))?;
        if path.file_name() != Some(LATEST_NAME.as_ref()) {
            return Ok(path);
        }
        let id = self.failure.map_or_else(|| id_in(&path), |failure| failure.context.id);
        let ending = id.map(|id| format!("_{id}.json"));
        let entries = fs::read_dir(path.parent().unwrap_or(Path::new(".")));
        let entries = entries.map_err(|error| with_context("cannot list the records", error))?;
        let mut paths = entries.flatten().map(|entry| entry.path());
        let found = paths.find(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.zip(ending.as_deref()).is_some_and(|(name, ending)| name.ends_with(ending))
        });
        found.ok_or_else(|| io::Error::other(format!("{} is a copy of a record that does not exist", path.display())))
    }
}

/// Updates `latest.json` if it is a copy of this record.
///
/// Programs replace `latest.json` under the same lock. Without it, an older record could replace a newer one.
fn amend_copy(latest: &Path, id: Uuid, amended: &str) -> io::Result<()> {
    let is_copy = || is_ordinary_file(latest) && id_in(latest) == Some(id);
    if !is_copy() {
        return Ok(());
    }
    let store = Store::open(latest.parent().unwrap_or(Path::new(".")))?;
    let lock = store.lock_latest(LOCK_TIMEOUT);
    let _lock = lock.ok_or_else(|| io::Error::other("timed out: another process has the lock on it"))?;
    if is_copy() { replace(latest, amended, || Ok(())) } else { Ok(()) }
}

/// Returns true if both records describe the same failure. Records of other programs have no id.
fn is_same(a: &Failure, b: &Failure) -> bool {
    let facts = |failure: &Failure| {
        let Failure { timestamp, computation, theoretical_ref, error_type, error_message, .. } = failure.clone();
        (timestamp, computation, theoretical_ref, error_type, error_message)
    };
    match (a.context.id, b.context.id) {
        (None, None) => facts(a) == facts(b),
        (a, b) => a == b,
    }
}

/// Reads the text and the record of a file.
fn read(path: &Path) -> io::Result<(String, Failure)> {
    let mut json = Vec::new();
    read_json(&mut json, path).map_err(|error| with_context(path.display(), error))?;
    let json = String::from_utf8(json)
        .map_err(|error| with_context(format_args!("{} is not UTF-8", path.display()), io::Error::other(error)))?;
    let json = json.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(json);
    let failure = Failure::from_json(&json).map_err(|error| about(path, "cannot amend", error.into()))?;
    Ok((json, failure))
}

fn id_in(path: &Path) -> Option<Uuid> {
    read(path).ok()?.1.context.id
}

//! Adds to a record what was learned later. Everything else in it stays as it is, to the digit.

mod replace;
mod text;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use runtime::io_error::about;
use uuid::Uuid;

use super::Store;
use super::read::read_json;
use crate::failure::{Failure, Resolution, Suggestion};
pub use replace::RecordLock;
use replace::{is_ordinary_file, replace};

/// The copy of the newest record.
const LATEST_NAME: &str = "latest.json";
/// Maximum time to wait for a program that replaces `latest.json`.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// What is added to a record.
///
/// ```
/// use tracing_failure::record::Resolution;
/// use tracing_failure::record::Amendment;
///
/// let mut resolution = Resolution::default();
/// resolution.fix = "started at 3.5".to_owned();
/// let amendment = Amendment { resolution: Some(resolution), ..Amendment::default() };
/// # assert!(amendment.suggestions.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amendment {
    /// Behind those that are there; what is there already is not added again.
    pub suggestions: Vec<Suggestion>,
    /// In the place of the one that is there.
    pub resolution: Option<Resolution>,
}

/// Writes it into the record, and into `latest.json` where that is a copy of it; all else in it stays as it is, to the digit.
/// Returns the number of new suggestions.
///
/// The file keeps its owner, group and mode. A link to a record stays a link: the record itself is amended.
///
/// # Errors
///
/// When the record cannot be read or written, or is none; when its owner and group cannot be kept.
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
/// amend(&path, &Amendment { resolution: Some(resolution), ..Amendment::default() })?;
/// assert_eq!(Failure::from_path(&path)?.context.resolution.unwrap().fix, "started at 3.5");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn amend(path: impl AsRef<Path>, amendment: &Amendment) -> io::Result<usize> {
    Change::new(path.as_ref(), amendment).apply().map(|amended| amended.added)
}

/// The same for a file that was read some time ago: refuses if the file does not contain this failure any more.
///
/// A path to `latest.json` means the record of this failure, not the newest record.
///
/// # Errors
///
/// As [`amend`], and when the file contains another record now.
///
/// ```
/// use tracing_failure::{Failure, Store};
/// use tracing_failure::record::{Amendment, amend_failure};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-amend-failure-{}", std::process::id()));
/// let path = Store::open(&dir)?.write(&Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "no convergence"))?;
/// let other = Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "singular");
/// let error = amend_failure(&path, &other, &Amendment::default()).unwrap_err();
/// assert!(error.to_string().contains("contains another record now"));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn amend_failure(path: impl AsRef<Path>, failure: &Failure, amendment: &Amendment) -> io::Result<usize> {
    Change::new(path.as_ref(), amendment).of(failure).apply().map(|amended| amended.added)
}

/// An amendment, and the conditions under which it is written.
pub struct Change<'a> {
    path: &'a Path,
    amendment: &'a Amendment,
    failure: Option<&'a Failure>,
    stop: Option<&'a AtomicBool>,
}

/// A record that was amended.
pub struct Amended {
    /// The record's own file, also where the path led to a copy or was a link.
    pub path: PathBuf,
    /// New suggestions.
    pub added: usize,
}

impl<'a> Change<'a> {
    /// Amends whatever record the file contains.
    pub fn new(path: &'a Path, amendment: &'a Amendment) -> Self {
        Change { path, amendment, failure: None, stop: None }
    }

    /// Only if the file contains this failure.
    #[must_use]
    pub fn of(self, failure: &'a Failure) -> Self {
        Change { failure: Some(failure), ..self }
    }

    /// Gives up, and leaves nothing behind, once this is set.
    #[must_use]
    pub fn unless(self, stop: &'a AtomicBool) -> Self {
        Change { stop: Some(stop), ..self }
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// Why the record is as it was.
    pub fn apply(self) -> io::Result<Amended> {
        self.apply_with(|| Ok(()))
    }

    /// Writes it together with something else, which is done when nothing but the renaming of a file is left to do: an error of
    /// it leaves the record as it was.
    ///
    /// # Errors
    ///
    /// Why the record is as it was.
    pub fn apply_with(self, also: impl FnOnce() -> io::Result<()>) -> io::Result<Amended> {
        let never = AtomicBool::new(false);
        let stop = self.stop.unwrap_or(&never);
        let path = self.record_file()?;
        let record_lock = RecordLock::acquire(&path, stop)?;
        let (json, known) = read(&path)?;
        if let Some(failure) = self.failure {
            ensure(is_same(failure, &known), || {
                format!("{} contains another record now: it is not amended", path.display())
            })?;
        }
        let (amended, added) =
            text::amended(&json, self.amendment).map_err(|error| about(&path, "cannot amend", error))?;
        if amended == json {
            also()?;
            return Ok(Amended { path, added });
        }
        let path_text = path.display();
        replace(&path, &amended, || {
            ensure(!stop.load(Ordering::Relaxed), || format!("interrupted: {path_text} is as it was"))?;
            ensure(record_lock.is_current(), || {
                format!("{path_text} was replaced in the meantime: it is not amended")
            })?;
            also()
        })?;
        if let Some(id) = known.context.id {
            amend_copy(&path.with_file_name(LATEST_NAME), id, &amended)
                .map_err(|error| with_context("the record is amended, but its copy is not", error))?;
        }
        Ok(Amended { path, added })
    }

    /// The file of the record: of `latest.json`, the file that it is a copy of.
    fn record_file(&self) -> io::Result<PathBuf> {
        let path = self.path.canonicalize().map_err(|error| with_context(self.path.display(), error))?;
        if path.file_name() != Some(LATEST_NAME.as_ref()) {
            return Ok(path);
        }
        let id = self.failure.map_or_else(|| id_in(&path), |failure| failure.context.id).map(|id| id.to_string());
        let is_original = |name: &str| id.as_deref().is_some_and(|id| name.ends_with(&format!("_{id}.json")));
        let entries = fs::read_dir(path.parent().unwrap_or(Path::new(".")));
        let entries = entries.map_err(|error| with_context("cannot list the records", error))?;
        let mut paths = entries.flatten().map(|entry| entry.path());
        let found = paths.find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_original));
        found.ok_or_else(|| {
            io::Error::other(format!("{} is a copy, and the record that it is of is not there", path.display()))
        })
    }
}

/// Brings `latest.json` up to date if it is a copy of this record.
///
/// Programs replace `latest.json` under the same lock. Without it, an older record could take the place of a newer.
fn amend_copy(latest: &Path, id: Uuid, amended: &str) -> io::Result<()> {
    let is_copy = || is_ordinary_file(latest) && id_in(latest) == Some(id);
    if !is_copy() {
        return Ok(());
    }
    let store = Store::open(latest.parent().unwrap_or(Path::new(".")))?;
    let lock = store.lock_latest(LOCK_TIMEOUT);
    let _lock = lock.ok_or_else(|| io::Error::other("another process has been replacing it for long"))?;
    if is_copy() { replace(latest, amended, || Ok(())) } else { Ok(()) }
}

/// Whether both are of one failure. Records of other programs have no id.
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

/// An error with the reason of another one.
fn with_context(what: impl std::fmt::Display, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

fn ensure(condition: bool, why: impl FnOnce() -> String) -> io::Result<()> {
    if condition { Ok(()) } else { Err(io::Error::other(why())) }
}

/// The record in a file, and its text.
fn read(path: &Path) -> io::Result<(String, Failure)> {
    let mut json = Vec::new();
    read_json(&mut json, path).map_err(|error| with_context(path.display(), error))?;
    let json = String::from_utf8(json)
        .map_err(|error| with_context(format_args!("{} is no text", path.display()), io::Error::other(error)))?;
    let json = json.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(json);
    let failure = Failure::from_json(&json).map_err(|error| about(path, "cannot amend", error.into()))?;
    Ok((json, failure))
}

fn id_in(path: &Path) -> Option<Uuid> {
    read(path).ok()?.1.context.id
}

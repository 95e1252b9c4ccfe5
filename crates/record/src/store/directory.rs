//! The store: a directory of failure records.

use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use runtime::file_lock::FileLock;
use runtime::io_error::about;
use runtime::lock::LOCK_TIMEOUT;
use runtime::{background, fork};

use super::area::Areas;
use super::copies::copies;
use super::latest::{self, LatestFile};
use super::names::{after_area, is_record_file_name, is_record_name, record_name};
use super::resolutions::{PastFix, Resolutions};
use super::temporary::remove_abandoned;
use super::write::{Durability, create_dir, write_whole};
use crate::failure::{Failure, ReadError, Resolution};

/// A directory of failure records.
///
/// Files are named `{area}_{UTC time}_{id}.json`; `latest.json` is a complete copy of the newest record. A record is
/// complete or absent, because it is written to a temporary file in the same directory and renamed. The store deletes
/// nothing except the temporary files of killed writers.
///
/// ```
/// use tracing_failure::{Failure, Store};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-store-{}", std::process::id()));
/// let store = Store::open(&dir)?;
/// let path = store.write(&Failure::new("betti_numbers", "§3.1", "RankError", "rank 7 of 5 rows"))?;
/// assert_eq!(Failure::from_path(&path)?.error_type, "RankError");
/// assert_eq!(store.read_all()?.count(), 1);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    areas: Areas,
    durability: Durability,
    latest: Arc<LatestFile>,
    /// True once abandoned temporary files have been searched for.
    is_tidied: AtomicBool,
    /// One more than the generation of the process in which a thread removes abandoned files, otherwise 0.
    tidying: Arc<AtomicU64>,
    resolutions: Resolutions,
}

impl Store {
    /// Opens a directory and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// Fails if the directory cannot be created or is a file. The error names the path.
    ///
    /// ```
    /// let error = tracing_failure::Store::open("/dev/null/failures").unwrap_err();
    /// assert!(error.to_string().contains("/dev/null/failures"));
    /// ```
    pub fn open(dir: impl AsRef<Path>) -> io::Result<Self> {
        Self::open_with(dir, Areas::default(), Durability::default())
    }

    #[doc(hidden)]
    pub fn open_with(dir: impl AsRef<Path>, areas: Areas, durability: Durability) -> io::Result<Self> {
        let dir = std::path::absolute(dir.as_ref()).unwrap_or_else(|_| dir.as_ref().to_owned());
        create_dir(&dir)?;
        Ok(Self::unopened(dir, areas, durability))
    }

    /// Returns a store whose first record creates the directory.
    #[doc(hidden)]
    pub fn unopened(dir: impl AsRef<Path>, areas: Areas, durability: Durability) -> Self {
        let dir = std::path::absolute(dir.as_ref()).unwrap_or_else(|_| dir.as_ref().to_owned());
        let latest = Arc::new(LatestFile::new(&dir, durability));
        fork::register(Arc::downgrade(&latest) as _);
        let resolutions = Resolutions::new(&dir);
        Store {
            latest,
            resolutions,
            dir,
            areas,
            durability,
            is_tidied: AtomicBool::new(false),
            tidying: Arc::default(),
        }
    }

    /// Returns the directory.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-store-dir-{}", std::process::id()));
    /// let store = tracing_failure::Store::open(&dir)?;
    /// assert_eq!(store.dir(), dir);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a record and returns the path of its file. When it returns, the operating system has the record, or the
    /// record is on disk with [`Durability::Disk`]. It creates the directory again if it is missing.
    ///
    /// # Errors
    ///
    /// Fails if the record cannot be written. No part of it remains in the directory. The error names the file.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-store-write-{}", std::process::id()));
    /// let store = tracing_failure::Store::open(&dir)?;
    /// let failure = tracing_failure::Failure::new("rg_flow_integration", "Eq. 1.12", "Diverged", "pole");
    /// let name = store.write(&failure)?.file_name().unwrap().to_str().unwrap().to_owned();
    /// assert!(name.starts_with("rg_flow_") && name.ends_with(".json"));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write(&self, failure: &Failure) -> io::Result<PathBuf> {
        let (path, json, order) = self.write_record(failure)?;
        self.latest.add(order, json);
        if !self.is_tidied.swap(true, Ordering::Relaxed) {
            self.tidy_later();
        }
        Ok(path)
    }

    /// Writes a first version of a record, which [`replace`](Self::replace) completes.
    #[doc(hidden)]
    pub fn write_first(&self, failure: &Failure) -> io::Result<()> {
        self.write_record(failure).map(drop)
    }

    /// Replaces a written record, unless another program has changed or removed it. Returns true if the record was
    /// replaced.
    #[doc(hidden)]
    pub fn replace(&self, before: &Failure, failure: &Failure) -> bool {
        let present = crate::files::read_bounded(&self.dir.join(self.name_of(before)));
        present.is_ok_and(|present| present == before.to_json().as_bytes()) && self.write(failure).is_ok()
    }

    fn write_record(&self, failure: &Failure) -> io::Result<(PathBuf, String, latest::RecordOrder)> {
        let name = self.name_of(failure);
        let json = failure.to_json();
        let write = || write_whole(&self.dir, &name, json.as_bytes(), self.durability);
        let path = match write() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_dir(&self.dir).and_then(|()| write())?,
            result => result?,
        };
        Ok((path, json, latest::record_order(failure)))
    }

    fn name_of(&self, failure: &Failure) -> String {
        record_name(self.areas.of(&failure.computation), failure)
    }

    /// Removes the temporary files of killed writers and returns their number. A store does this automatically after
    /// its first record. Files that are being written and files of other programs stay.
    ///
    /// # Errors
    ///
    /// Fails if the directory cannot be listed.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-store-abandoned-{}", std::process::id()));
    /// let store = tracing_failure::Store::open(&dir)?;
    /// assert_eq!(store.remove_abandoned()?, 0);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn remove_abandoned(&self) -> io::Result<usize> {
        remove_abandoned(&self.dir)
    }

    fn tidy_later(&self) {
        let (dir, tidying) = (self.dir.clone(), Arc::clone(&self.tidying));
        self.tidying.store(fork::generation() + 1, Ordering::Release);
        let started = background::run(move || {
            let _ = remove_abandoned(&dir);
            tidying.store(0, Ordering::Release);
        });
        if started.is_err() {
            self.tidying.store(0, Ordering::Release);
        }
    }

    /// Waits for the thread that removes abandoned files, because the end of the process would stop it.
    #[doc(hidden)]
    pub fn wait_for_tidying(&self) {
        let started = Instant::now();
        while self.tidying.load(Ordering::Acquire) == fork::generation() + 1 && started.elapsed() < LOCK_TIMEOUT {
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Copies every later record to `latest.json` at once, because the program is about to end.
    #[doc(hidden)]
    pub fn end_buffering(&self) {
        self.latest.end_buffering();
    }

    /// Returns the number of failed attempts to replace `latest.json`.
    #[doc(hidden)]
    pub fn latest_failed(&self) -> u64 {
        self.latest.failed_attempts()
    }

    /// Updates `latest.json`.
    ///
    /// # Errors
    ///
    /// Fails if `latest.json` cannot be replaced. The records themselves are written.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-store-flush-{}", std::process::id()));
    /// let store = tracing_failure::Store::open(&dir)?;
    /// store.write(&tracing_failure::Failure::new("rg_flow", "Eq. 1.12", "Diverged", "pole"))?;
    /// store.flush()?;
    /// assert!(dir.join("latest.json").exists());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn flush(&self) -> io::Result<()> {
        self.latest.flush()
    }

    /// Prevents programs from replacing `latest.json` until the lock is dropped. Returns `None` if another process
    /// holds the lock for the whole timeout. On a file system without locks, it prevents nothing. Tools that amend
    /// records need it.
    #[doc(hidden)]
    pub fn lock_latest(&self, timeout: Duration) -> Option<impl Sized + use<>> {
        match self.latest.lock_directory(timeout) {
            FileLock::Busy => None,
            lock => Some(lock),
        }
    }

    /// Returns the paths of the records in the order of their times, oldest first. It skips `latest.json`, hidden
    /// files, files of other kinds, files that are not regular, and conflict copies of programs that synchronise
    /// directories.
    ///
    /// # Errors
    ///
    /// Fails if the directory cannot be listed.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-store-paths-{}", std::process::id()));
    /// let store = tracing_failure::Store::open(&dir)?;
    /// assert!(store.paths()?.is_empty());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn paths(&self) -> io::Result<Vec<PathBuf>> {
        Ok(self.paths_and_copies()?.0)
    }

    /// Returns the paths of the records and of the conflict copies, each copy with its original. Tools need it to
    /// explain why copies are no failures.
    #[doc(hidden)]
    #[allow(clippy::type_complexity)]
    pub fn paths_and_copies(&self) -> io::Result<(Vec<PathBuf>, Vec<(PathBuf, PathBuf)>)> {
        let entries = std::fs::read_dir(&self.dir).map_err(|error| about(&self.dir, "cannot list", error))?;
        let names = entries.filter_map(Result::ok).filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            (is_record_name(&name) && is_file(&entry)).then_some(name)
        });
        let mut names: Vec<String> = names.collect();
        names.sort_by(|a, b| after_area(a).cmp(after_area(b)));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let copies = copies(&names);
        let path = |name: &str| self.dir.join(name);
        let records = names.iter().filter(|name| !copies.contains_key(*name)).map(|name| path(name)).collect();
        let copies = names.iter().filter_map(|name| Some((path(name), path(copies.get(name)?)))).collect();
        Ok((records, copies))
    }

    /// Reads every record, one at a time. A broken file yields an error and does not affect the others.
    ///
    /// # Errors
    ///
    /// Fails if the directory cannot be listed.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-store-all-{}", std::process::id()));
    /// let store = tracing_failure::Store::open(&dir)?;
    /// std::fs::write(dir.join("broken.json"), "{")?;
    /// for failure in store.read_all()? {
    ///     match failure {
    ///         Ok(failure) => println!("{}: {}", failure.computation, failure.error_message),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    /// }
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read_all(&self) -> io::Result<impl Iterator<Item = Result<Failure, ReadError>>> {
        Ok(self.paths()?.into_iter().map(Failure::from_path))
    }

    /// Stores the fix of a failure. Later failures with the same fingerprint list it first in `suggested_fixes`.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written or if the fix is longer than 64 KiB. The error names the file.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-store-resolve-{}", std::process::id()));
    /// let store = tracing_failure::Store::open(&dir)?;
    /// let failure = tracing_failure::Failure::new("rg_flow", "Eq. 1.12", "Diverged", "pole");
    /// store.resolve(&failure, "end the flow at t = −9.8")?;
    /// assert_eq!(store.resolutions(&failure.fingerprint())[0].fix, "end the flow at t = −9.8");
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn resolve(&self, failure: &Failure, fix: &str) -> io::Result<Resolution> {
        self.resolutions.add(failure, fix)
    }

    /// Returns the fixes of failures with this fingerprint, newest first. It skips unreadable lines.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-store-resolutions-{}", std::process::id()));
    /// let store = tracing_failure::Store::open(&dir)?;
    /// assert!(store.resolutions("b6272b8a71e31c96").is_empty());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn resolutions(&self, fingerprint: &str) -> Vec<Resolution> {
        self.resolutions.of(fingerprint).into_iter().map(|(resolution, _)| resolution).collect()
    }

    /// Returns the fixes with the ids of the fixed failures.
    #[doc(hidden)]
    pub fn past_fixes(&self, fingerprint: &str) -> Vec<PastFix> {
        self.resolutions.of(fingerprint)
    }

    /// Returns true if a name has the form of a store's file names: `{area}_{UTC time}_{id}.json`.
    ///
    /// ```
    /// use tracing_failure::Store;
    ///
    /// assert!(Store::is_record_file_name("rg_flow_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json"));
    /// assert!(!Store::is_record_file_name("notes.json"));
    /// ```
    pub fn is_record_file_name(name: &str) -> bool {
        is_record_file_name(name)
    }
}

/// Updates `latest.json`, because the background thread may not have run yet.
impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.latest.flush();
        self.wait_for_tidying();
    }
}

/// Returns true for a regular file, also behind a link. Reading a pipe could block forever.
fn is_file(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if kind.is_symlink() => entry.path().is_file(),
        Ok(kind) => kind.is_file(),
        Err(_) => false,
    }
}

//! Records go into a commit and to a remote, by the `git` of the machine.

mod error;
mod outcome;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::{PublishError, Secret};
pub use outcome::{Ignored, NotPushed, Outcome, Plan, Published, Skipped};

/// Commits failure records and pushes them, whatever else is going on in the repository.
///
/// Only records are committed: what is staged, changed or half merged stays as it is, and commits of yours that are not on
/// the remote are not pushed along. No hook runs, nothing asks for a password, nothing waits for longer than its timeout.
/// It needs git 2.36 or later.
///
/// ```no_run
/// let published = tracing_failure::Publisher::new("io/failures").branch("failures").publish()?;
/// println!("{published}"); // 3 records pushed to failures of origin (1b2c…)
/// # Ok::<(), tracing_failure::PublishError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a publisher does nothing until `plan` or `publish` is called"]
pub struct Publisher {
    dir: PathBuf,
    remote: Option<String>,
    branch: Option<String>,
    timeout: Duration,
}

impl Publisher {
    /// Publishes the records of this directory, to the current branch and its remote.
    ///
    /// ```
    /// let publisher = tracing_failure::Publisher::new("io/failures");
    /// # let _ = publisher;
    /// ```
    pub fn new(dir: impl AsRef<Path>) -> Self {
        Publisher { dir: dir.as_ref().to_owned(), remote: None, branch: None, timeout: Duration::from_secs(60) }
    }

    /// The remote to push to: a name or a URL. Where none is given, what git pushes the branch to, else the only
    /// remote, else `origin`.
    ///
    /// ```
    /// let publisher = tracing_failure::Publisher::new("io/failures").remote("origin");
    /// # let _ = publisher;
    /// ```
    pub fn remote(mut self, remote: impl Into<String>) -> Self {
        self.remote = Some(remote.into());
        self
    }

    /// A branch of its own, that holds only records: it is made where it is missing. The current branch, the index and
    /// the work tree are not touched then, and ignore rules do not count. The current branch where none is given.
    ///
    /// ```
    /// let publisher = tracing_failure::Publisher::new("io/failures").branch("failures");
    /// # let _ = publisher;
    /// ```
    pub fn branch(mut self, branch: impl Into<String>) -> Self {
        self.branch = Some(branch.into());
        self
    }

    /// How long one call of git may take, before it is ended with all that it started; 60 s by default. As long is
    /// waited for another process that publishes from the same clone.
    ///
    /// ```
    /// use std::time::Duration;
    /// let publisher = tracing_failure::Publisher::new("io/failures").timeout(Duration::from_secs(10));
    /// # let _ = publisher;
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What [`publish`](Self::publish) would do. Nothing is changed, and the remote is not asked.
    ///
    /// # Errors
    ///
    /// As those of [`publish`](Self::publish).
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-plan-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// let plan = tracing_failure::Publisher::new(&dir).plan()?;
    /// assert!(plan.records.is_empty());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan(&self) -> Result<Plan, PublishError> {
        let _ = (&self.remote, &self.branch, self.timeout);
        let dir = self.existing_dir()?;
        Ok(Plan {
            dir,
            work_tree: None,
            records: Vec::new(),
            computations: Vec::new(),
            waiting: 0,
            branch: None,
            remote: None,
            ignored: Vec::new(),
            skipped: Vec::new(),
        })
    }

    /// Commits the records that git does not have yet, and pushes them with those that were committed earlier.
    ///
    /// What cannot be pushed stays committed, and the next call pushes it: that is no error but an [`Outcome`].
    ///
    /// # Errors
    ///
    /// Why nothing could be committed. The records stay on disk.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-publish-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// let published = tracing_failure::Publisher::new(&dir).publish()?;
    /// assert_eq!(published.outcome, tracing_failure::Outcome::NoRepository);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish(&self) -> Result<Published, PublishError> {
        self.existing_dir()?;
        Ok(Published {
            outcome: Outcome::NoRepository,
            commit: None,
            records: 0,
            computations: Vec::new(),
            branch: None,
            remote: None,
            ignored: Vec::new(),
            skipped: Vec::new(),
        })
    }

    fn existing_dir(&self) -> Result<PathBuf, PublishError> {
        let found = self.dir.canonicalize().and_then(|dir| std::fs::read_dir(&dir).map(|_| dir));
        found.map_err(|error| PublishError::Io(crate::store::about(&self.dir, "cannot list", error)))
    }
}

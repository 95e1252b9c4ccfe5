//! The publisher: commits records and pushes them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::allow_list::AllowList;
use crate::commit::{CommitOutcome, NewCommit};
use crate::error::PublishError;
use crate::git::Git;
use crate::ledger::PushLedger;
use crate::outcome::{NotPushed, Outcome, Plan, Published};
use crate::private_index::PrivateIndex;
use crate::push::Push;
use crate::remote::Remote;
use crate::repository::Repository;
use crate::scan::Scan;
use crate::target::Target;

/// Commits failure records and pushes them, in any state of the repository.
///
/// Only records are committed. Your staged, unstaged and half-merged changes stay as they are, and your own commits are
/// not pushed. Hooks and password prompts are disabled, and every git process has a timeout. Publishing needs git 2.36
/// or later.
///
/// ```no_run
/// let published = tracing_failure::publish::Publisher::new("io/failures").branch("failures").publish()?;
/// println!("{published}"); // 3 records pushed to failures of origin (1b2c…)
/// # Ok::<(), tracing_failure::publish::PublishError>(())
/// ```
#[derive(Clone)]
#[must_use = "a publisher does nothing until `plan` or `publish` is called"]
pub struct Publisher {
    dir: PathBuf,
    remote: Option<String>,
    branch: Option<String>,
    timeout: Duration,
    /// Stops the publishing when it is set.
    pub(crate) cancelled: Arc<AtomicBool>,
}

impl Publisher {
    /// Creates a publisher for the records of a directory. It publishes to the current branch and its remote.
    ///
    /// ```
    /// let publisher = tracing_failure::publish::Publisher::new("io/failures");
    /// # let _ = publisher;
    /// ```
    pub fn new(dir: impl AsRef<Path>) -> Self {
        Publisher {
            dir: dir.as_ref().to_owned(),
            remote: None,
            branch: None,
            timeout: Duration::from_secs(60),
            cancelled: Arc::default(),
        }
    }

    /// Sets the remote to push to, by name or URL.
    ///
    /// The default is the remote that git pushes the branch to, else the only remote, else `origin`.
    ///
    /// ```
    /// let publisher = tracing_failure::publish::Publisher::new("io/failures").remote("origin");
    /// # let _ = publisher;
    /// ```
    pub fn remote(mut self, remote: impl Into<String>) -> Self {
        self.remote = Some(remote.into());
        self
    }

    /// Sets a separate branch for records. It is created if it does not exist.
    ///
    /// The current branch, the index and the work tree are then not changed, and ignore rules do not apply. The default
    /// is the current branch.
    ///
    /// ```
    /// let publisher = tracing_failure::publish::Publisher::new("io/failures").branch("failures");
    /// # let _ = publisher;
    /// ```
    pub fn branch(mut self, branch: impl Into<String>) -> Self {
        self.branch = Some(branch.into());
        self
    }

    /// Sets the timeout of each git process, which is terminated with its children when it expires. The default is 60
    /// s.
    ///
    /// It is also the maximum time to wait for another process that publishes from the same clone.
    ///
    /// ```
    /// use std::time::Duration;
    /// let publisher = tracing_failure::publish::Publisher::new("io/failures").timeout(Duration::from_secs(10));
    /// # let _ = publisher;
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Stops the publishing and terminates the running git when the flag is set, for example by a signal handler.
    ///
    /// Automatic pushes need no flag: the guard stops them.
    ///
    /// ```
    /// use std::sync::{Arc, atomic::AtomicBool};
    /// let interrupted = Arc::new(AtomicBool::new(false));
    /// let publisher = tracing_failure::publish::Publisher::new("io/failures").stop_when(Arc::clone(&interrupted));
    /// # let _ = publisher;
    /// ```
    pub fn stop_when(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancelled = flag;
        self
    }

    /// Returns what [`publish`](Self::publish) would do. It changes nothing and does not contact the remote.
    ///
    /// # Errors
    ///
    /// Fails like [`publish`](Self::publish).
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-plan-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// let plan = tracing_failure::publish::Publisher::new(&dir).plan()?;
    /// assert!(plan.records.is_empty());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan(&self) -> Result<Plan, PublishError> {
        let dir = self.existing_dir()?;
        let mut plan = Plan::nothing(&dir);
        let Some(repository) = Repository::find(self.git(&dir), &dir)? else { return Ok(plan) };
        let target = Target::choose(&repository, self.branch.as_deref())?;
        let remote = Remote::find(&repository, self.remote.as_deref(), &target)?;
        let mut scan = Scan::new(AllowList::read(&dir)?);
        let local = repository.commit_of(target.full_name())?;
        let start = match &remote {
            Some(remote) if local.is_none() && !target.is_current => remote.last_known(&repository)?,
            _ => None,
        };
        let index = PrivateIndex::scratch(&repository)?;
        let ledger = remote.as_ref().map(|remote| PushLedger::open(&repository, remote)).transpose()?;
        let parent = local.as_deref().or(start.as_deref());
        let selection = crate::commit::plan_commit(
            &repository,
            &index,
            &target,
            &mut scan,
            remote.as_ref().zip(ledger.as_ref()),
            parent,
        )?;
        if let (Some(remote), Some(local), Some(ledger)) = (&remote, &local, ledger) {
            let (repository, target, scan) = (&repository, &target, &mut scan);
            plan.waiting =
                Push { repository, target, remote, scan, ledger, local, is_new: false, has_new_records: false }
                    .count_missing()?;
        }
        plan.computations = crate::message::tally(scan.computations(&selection.entries));
        plan.records = selection.entries.iter().map(|entry| crate::git::path_of(&entry.path)).collect();
        plan.work_tree = Some(repository.work_tree);
        plan.branch = Some(target.branch.to_string());
        plan.remote = remote.map(|remote| remote.display_name());
        plan.ignored = selection.ignored;
        plan.skipped = selection.skipped;
        plan.secrets = selection.secrets;
        Ok(plan)
    }

    /// Allows a value that looks like a secret but is not, so that it is published from now on.
    ///
    /// `hash` is the hash of a [`Secret`](crate::Secret), or at least its first eight digits. The comment explains why
    /// the value is allowed. Both are added to the file `.failures-allow` in the directory of the records, whose path
    /// is returned. Commit the file, so that the value is allowed in every clone and others can review or revoke it.
    ///
    /// # Errors
    ///
    /// Fails if no new record contains such a value, or if the file cannot be written.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-allow-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// let publisher = tracing_failure::publish::Publisher::new(&dir);
    /// for secret in publisher.plan()?.secrets {
    ///     if secret.pointer == "/parameters/node" {
    ///         publisher.allow(&secret.hash, "addresses of nodes")?;
    ///     }
    /// }
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow(&self, hash: &str, comment: &str) -> Result<PathBuf, PublishError> {
        let dir = self.existing_dir()?;
        crate::allow_list::allow(&dir, &self.plan()?.secrets, hash, comment)
    }

    /// Commits new records, and pushes them together with records that were committed earlier.
    ///
    /// Records that cannot be pushed stay committed, and the next call pushes them. This is an [`Outcome`], not an
    /// error.
    ///
    /// # Errors
    ///
    /// Fails if nothing could be committed. The records remain on disk.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-publish-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// let published = tracing_failure::publish::Publisher::new(&dir).publish()?;
    /// assert_eq!(published.outcome, tracing_failure::publish::Outcome::NoRepository);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish(&self) -> Result<Published, PublishError> {
        let dir = self.existing_dir()?;
        let Some(repository) = Repository::find(self.git(&dir), &dir)? else { return Ok(Published::no_repository()) };
        let state_dir = repository.state_dir(&repository.common_dir)?;
        let _lock = crate::lock::lock_clone(&state_dir, self.timeout)?;
        repository.share(&state_dir.join(crate::lock::FILE_NAME));
        let target = Target::choose(&repository, self.branch.as_deref())?;
        let remote = Remote::find(&repository, self.remote.as_deref(), &target)?;
        let mut scan = Scan::new(AllowList::read(&dir)?);
        let is_new = !target.is_current && repository.commit_of(target.full_name())?.is_none();
        let (start, offline) = if is_new { remote_start(&repository, remote.as_ref())? } else { (None, None) };
        let ledger = remote.as_ref().map(|remote| PushLedger::open(&repository, remote)).transpose()?;
        let committed = crate::commit::commit(
            &repository,
            &target,
            &mut scan,
            remote.as_ref().zip(ledger.as_ref()),
            start.as_deref(),
        )?;
        let pushed = match (remote.as_ref().zip(ledger), &committed.tip, offline) {
            (_, None, _) => Ok(None),
            (_, _, Some(offline)) => Err(offline),
            (None, _, _) if committed.new.is_none() => Ok(None),
            (None, _, _) => Err(NotPushed::NoRemote),
            (Some((remote, ledger)), Some(local), None) => {
                let (repository, target, scan) = (&repository, &target, &mut scan);
                let has_new_records = committed.new.is_some();
                Push { repository, target, remote, scan, ledger, local, is_new, has_new_records }.push()
            }
        };
        // The outcome does not depend on the index, which may still be locked.
        if target.is_current && matches!(target.is_still_current(&repository), Ok(true)) {
            crate::stage::finish_if_unlocked(&repository);
        }
        Ok(Published::of(committed, pushed, target, remote))
    }

    /// Returns a publisher for another directory, with a new flag that stops it.
    #[doc(hidden)]
    pub fn with_dir(self, dir: &Path) -> Self {
        Publisher { dir: dir.to_owned(), cancelled: Arc::default(), ..self }
    }

    fn git(&self, dir: &Path) -> Git {
        Git::new(dir, self.timeout, &self.cancelled)
    }

    fn existing_dir(&self) -> Result<PathBuf, PublishError> {
        let found = self.dir.canonicalize().and_then(|dir| std::fs::read_dir(&dir).map(|_| dir));
        found.map_err(|error| PublishError::Io(runtime::io_error::about(&self.dir, "cannot list", error)))
    }
}

/// Returns the remote's commit, at which a new branch for records begins, and the reason if the remote cannot be
/// reached. The same reason prevents the push.
fn remote_start(
    repository: &Repository,
    remote: Option<&Remote>,
) -> Result<(Option<String>, Option<NotPushed>), PublishError> {
    let Some(remote) = remote else { return Ok((None, None)) };
    match remote.fetch_tip(repository) {
        Ok(tip) => Ok((tip, None)),
        Err(why) => Ok((remote.last_known(repository)?, Some(why))),
    }
}

/// Omits the credentials of a URL.
impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remote = self.remote.as_deref().map(crate::git::without_credentials);
        let mut debug = f.debug_struct("Publisher");
        debug.field("dir", &self.dir).field("remote", &remote).field("branch", &self.branch);
        debug.field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Plan {
    fn nothing(dir: &Path) -> Self {
        Plan {
            dir: dir.to_owned(),
            work_tree: None,
            records: Vec::new(),
            computations: Vec::new(),
            waiting: 0,
            branch: None,
            remote: None,
            ignored: Vec::new(),
            skipped: Vec::new(),
            secrets: Vec::new(),
        }
    }
}

impl Published {
    /// Returns true if nothing remains to be pushed.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Pushed | Outcome::NothingToDo)
    }

    fn no_repository() -> Self {
        Published {
            outcome: Outcome::NoRepository,
            commit: None,
            records: 0,
            computations: Vec::new(),
            branch: None,
            remote: None,
            ignored: Vec::new(),
            skipped: Vec::new(),
            secrets: Vec::new(),
        }
    }

    fn of(
        committed: CommitOutcome,
        pushed: Result<Option<NewCommit>, NotPushed>,
        target: Target,
        remote: Option<Remote>,
    ) -> Self {
        let CommitOutcome { new, ignored, skipped, mut secrets, .. } = committed;
        let mut branch = target.branch.to_string();
        let (outcome, new) = match pushed {
            Ok(Some(pushed)) => {
                if let Some(remote) = &remote {
                    branch = remote.branch.to_string();
                }
                (Outcome::Pushed, Some(pushed))
            }
            Err(why) => (Outcome::Committed(why), new),
            // Another process pushed the same records.
            Ok(None) if new.is_some() && remote.is_some() => (Outcome::Pushed, new),
            Ok(None) => (Outcome::NothingToDo, new),
        };
        secrets.extend(new.iter().flat_map(|new| new.left_out.iter().cloned()));
        let remote = remote.map(|remote| remote.display_name());
        let nothing = Published {
            outcome,
            branch: Some(branch),
            remote,
            ignored,
            skipped,
            secrets,
            ..Published::no_repository()
        };
        match new {
            Some(NewCommit { commit, records, computations, .. }) => {
                Published { commit: Some(commit), records, computations, ..nothing }
            }
            None => nothing,
        }
    }
}

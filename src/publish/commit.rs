//! A commit that holds what its parent holds, and records.

use std::time::{Duration, Instant};

use super::cache::{Cache, index_line};
use super::error::PublishError;
use super::git::{Git, path_of};
use super::message::{message, tally};
use super::outcome::{Ignored, Skipped};
use super::records::{Selection, select};
use super::repository::Repository;
use super::scan::Scan;
use super::target::{Target, other_file};
use super::tree::{Entry, with_entries};

/// How often a branch may be moved by others while we are at it.
const TRIES: u32 = 10;

/// How long to wait for somebody who holds the lock of the index.
const INDEX_PATIENCE: Duration = Duration::from_secs(5);

/// What was committed, if there was something.
pub(super) struct Committed {
    /// Where the branch is now.
    pub(super) tip: Option<String>,
    pub(super) new: Option<New>,
    pub(super) ignored: Vec<Ignored>,
    pub(super) skipped: Vec<Skipped>,
}

pub(super) struct New {
    pub(super) commit: String,
    pub(super) records: usize,
    pub(super) computations: Vec<(String, usize)>,
}

/// Commits what the branch does not have. Where it has no commit here, it begins with `start`.
pub(super) fn commit(
    repository: &Repository,
    target: &Target,
    scan: &mut Scan,
    start: Option<&str>,
) -> Result<Committed, PublishError> {
    let cache = Cache::open(repository)?;
    for _ in 0..TRIES {
        let old = repository.commit_of(&target.full_name())?;
        let parent = old.as_deref().or(start);
        let selection = choose(repository, &cache, target, scan, parent)?;
        let Selection { entries, ignored, skipped } = selection;
        if entries.is_empty() {
            return Ok(Committed { tip: parent.map(str::to_owned), new: None, ignored, skipped });
        }
        let new = New::make(repository, scan, parent, &entries)?;
        if target.is_current {
            // First the index, then the branch: whoever is killed in between leaves records that are staged.
            stage(repository, &entries)?;
        }
        if repository.move_branch(&target.branch, &new.commit, old.as_deref())? {
            if target.is_current {
                // So that those who ask without refreshing see no changes.
                let _ = repository.git.run(&["add", "--refresh", "--", "."], Vec::new());
            }
            return Ok(Committed { tip: Some(new.commit.clone()), new: Some(new), ignored, skipped });
        }
    }
    Err(PublishError::LostRace(target.branch.clone()))
}

/// What a commit to the target would hold beside what its parent holds.
pub(super) fn choose(
    repository: &Repository,
    cache: &Cache<'_>,
    target: &Target,
    scan: &mut Scan,
    parent: Option<&str>,
) -> Result<Selection, PublishError> {
    if let (Some(parent), false) = (parent, target.is_current)
        && let Some(other) = other_file(&repository.git, scan, parent)?
    {
        return Err(PublishError::NotOurs { branch: target.branch.clone(), file: path_of(&other.path) });
    }
    select(repository, cache, scan, parent, target.is_current)
}

impl New {
    /// Makes the commit; no branch is moved.
    pub(super) fn make(
        repository: &Repository,
        scan: &Scan,
        parent: Option<&str>,
        entries: &[Entry],
    ) -> Result<Self, PublishError> {
        let tree = with_entries(&repository.git, parent, entries)?;
        let computations = tally(scan.computations(entries));
        let text = message(chrono::Local::now(), entries.len(), &computations);
        let mut words = vec!["commit-tree", "--no-gpg-sign", &tree];
        words.extend(parent.iter().flat_map(|parent| ["-p", parent]));
        let commit = with_identity(repository).word(&words, text.into_bytes())?;
        Ok(New { commit, records: entries.len(), computations })
    }
}

/// The user's name and address, and ours in the place of what is not known.
fn with_identity(repository: &Repository) -> Git {
    let variable = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let setting = |name: &str| repository.config.get(name).is_some();
    let mut git = repository.git.clone();
    for (name, address, section) in
        [("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "author"), ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "committer")]
    {
        if !variable(name) && !setting("user.name") && !setting(&format!("{section}.name")) {
            git = git.with(name, "tracing-failure");
        }
        if !variable(address) && !variable("EMAIL") && !setting("user.email") && !setting(&format!("{section}.email")) {
            let host = gethostname::gethostname().to_string_lossy().into_owned();
            git = git.with(address, format!("tracing-failure@{host}"));
        }
    }
    git
}

/// Adds the records to the user's index, and nothing else changes in it.
fn stage(repository: &Repository, entries: &[Entry]) -> Result<(), PublishError> {
    let lines: Vec<u8> = entries.iter().flat_map(|entry| index_line(&entry.mode, &entry.blob, &entry.path)).collect();
    let started = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        let said = repository.git.run(&["update-index", "--add", "-z", "--index-info"], lines.clone())?;
        let is_locked = !said.succeeded && said.stderr.contains("index.lock") && said.stderr.contains("File exists");
        if !is_locked {
            return said.ok().map(drop);
        }
        if started.elapsed() > INDEX_PATIENCE.min(repository.git.timeout) {
            return Err(PublishError::IndexLocked(repository.git_dir.join("index.lock")));
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(500));
    }
}

//! Commits records: builds a commit on top of a branch and moves the branch to it.

use std::collections::HashSet;

use crate::error::{PublishError, Secret};
use crate::git::{Git, path_of};
use crate::ledger::{PushLedger, version};
use crate::message::{message, tally};
use crate::outcome::{Ignored, Skipped};
use crate::private_index::PrivateIndex;
use crate::records::{PushSelection, select};
use crate::remote::Remote;
use crate::repository::Repository;
use crate::scan::Scan;
use crate::stage;
use crate::target::{Target, find_other_file};
use crate::tree::{Entry, with_entries};
use crate::withdrawn::previous_versions;
use crate::{reset, restore};

/// Maximum number of attempts if other processes move the branch.
const MAX_ATTEMPTS: u32 = 10;

/// The result of committing.
pub(crate) struct CommitOutcome {
    /// The commit at the branch.
    pub(crate) tip: Option<String>,
    pub(crate) new: Option<NewCommit>,
    pub(crate) ignored: Vec<Ignored>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) secrets: Vec<Secret>,
}

pub(crate) struct NewCommit {
    pub(crate) commit: String,
    pub(crate) records: usize,
    pub(crate) computations: Vec<(String, usize)>,
    /// Values that look like secrets in earlier commits. These records are not pushed.
    pub(crate) left_out: Vec<Secret>,
}

/// The result of moving a branch to a new commit.
enum BranchMove {
    Done,
    /// Another process moved the branch first.
    LostRace,
    /// The branch was moved back because git had pruned objects of the commit.
    Undone,
}

/// Commits the records that the branch lacks. A branch without a local commit begins at `start`.
pub(crate) fn commit(
    repository: &Repository,
    target: &Target,
    scan: &mut Scan,
    place: Option<(&Remote, &PushLedger)>,
    start: Option<&str>,
) -> Result<CommitOutcome, PublishError> {
    let index = PrivateIndex::open(repository)?;
    if target.is_current {
        stage::finish_earlier(repository)?;
        reset::restore_dropped_records(repository, target, place.map(|(_, ledger)| ledger))?;
    }
    let mut has_recreated_objects = false;
    for _ in 0..MAX_ATTEMPTS {
        let old = repository.commit_of(target.full_name())?;
        let parent = old.as_deref().or(start);
        let selection = plan_commit(repository, &index, target, scan, place, parent)?;
        let PushSelection { entries, ignored, skipped, secrets } = selection;
        if entries.is_empty() {
            let tip = parent.map(str::to_owned);
            return Ok(CommitOutcome { tip, new: None, ignored, skipped, secrets });
        }
        let new = match NewCommit::create(repository, scan, parent, &entries) {
            // Git has pruned objects that the commit needs. They are created again, once.
            Err(PublishError::Git { .. }) if !has_recreated_objects => {
                has_recreated_objects = true;
                index.reset();
                continue;
            }
            new => new?,
        };
        let moved = if target.is_current {
            move_current(repository, target, &new.commit, old.as_deref(), &entries)?
        } else {
            move_branch_checked(repository, target, &new.commit, old.as_deref())?
        };
        match moved {
            BranchMove::Done => {
                let tip = Some(new.commit.clone());
                return Ok(CommitOutcome { tip, new: Some(new), ignored, skipped, secrets });
            }
            BranchMove::LostRace => {}
            BranchMove::Undone => index.reset(),
        }
    }
    Err(PublishError::LostRace(target.branch.to_string()))
}

/// Selects the records that a commit to the target would add to its parent.
pub(crate) fn plan_commit(
    repository: &Repository,
    index: &PrivateIndex<'_>,
    target: &Target,
    scan: &mut Scan,
    place: Option<(&Remote, &PushLedger)>,
    parent: Option<&str>,
) -> Result<PushSelection, PublishError> {
    if !target.is_current
        && let Some(parent) = parent
        && let Some(other) = find_other_file(&repository.git, scan, parent)?
    {
        return Err(PublishError::ForeignFile { branch: target.branch.to_string(), file: path_of(&other.path) });
    }
    let mut selection = select(repository, index, scan, parent, target.is_current)?;
    if !target.is_current
        && parent.is_some()
        && let Some((remote, ledger)) = place
        && !selection.entries.is_empty()
    {
        // A record that was deleted or amended on the remote is not restored, although its file still exists.
        let tracked = if ledger.is_same_place() { previous_versions(repository, remote)? } else { HashSet::new() };
        let was_there = |entry: &Entry| ledger.has(entry) || tracked.contains(&version(entry));
        selection.entries.retain(|entry| !was_there(entry) || ledger.is_reverted(entry));
    }
    Ok(selection)
}

impl NewCommit {
    /// Creates the commit without moving a branch.
    pub(crate) fn create(
        repository: &Repository,
        scan: &Scan,
        parent: Option<&str>,
        entries: &[Entry],
    ) -> Result<Self, PublishError> {
        let tree = with_entries(&repository.git, parent, entries)?;
        let computations = tally(scan.computations(entries));
        let text = message(record::time::now().with_timezone(&chrono::Local), entries.len(), &computations);
        let mut words = vec!["commit-tree", "--no-gpg-sign", &tree];
        words.extend(parent.iter().flat_map(|parent| ["-p", parent]));
        let commit = with_identity(repository).output_line(&words, text.into_bytes())?;
        Ok(NewCommit { commit, records: entries.len(), computations, left_out: Vec::new() })
    }
}

/// Sets a default name and address for those that the user has not configured.
fn with_identity(repository: &Repository) -> Git {
    let variable = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let setting = |name: &str| repository.config.get(name).is_some();
    let mut git = repository.git.clone();
    for (name, address, section) in
        [("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "author"), ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "committer")]
    {
        let value = std::env::var_os(name).map(|name| name.to_string_lossy().into_owned());
        let set = || repository.config.get(&format!("{section}.name")).or_else(|| repository.config.get("user.name"));
        if !value.or_else(|| set().map(str::to_owned)).is_some_and(|name| is_valid_name(&name)) {
            git = git.with_variable(name, "tracing-failure");
        }
        // Git ignores `EMAIL` if `user.useConfigOnly` is set.
        let guess = variable("EMAIL") && !repository.config.is_on("user.useconfigonly");
        if !variable(address) && !guess && !setting("user.email") && !setting(&format!("{section}.email")) {
            let host = gethostname::gethostname().to_string_lossy().into_owned();
            git = git.with_variable(address, format!("tracing-failure@{host}"));
        }
    }
    git
}

/// Returns true if git accepts the name. Git strips blanks and some punctuation, and rejects an empty rest.
fn is_valid_name(name: &str) -> bool {
    name.chars().any(|c| c > ' ' && !".,:;<>\"\\'".contains(c))
}

/// Moves the branch, unless another process has moved it. Moves it back if the commit lacks objects.
fn move_branch_checked(
    repository: &Repository,
    target: &Target,
    new: &str,
    old: Option<&str>,
) -> Result<BranchMove, PublishError> {
    match repository.move_branch(&target.branch, new, old) {
        Ok(true) => {}
        Ok(false) => return Ok(BranchMove::LostRace),
        Err(PublishError::Git { .. }) if repository.commit_of(new)?.is_none() => return Ok(BranchMove::Undone),
        Err(error) => return Err(error),
    }
    // Git no longer prunes the objects, because the branch refers to them.
    if restore::has_all_objects(repository, new, old)? || !repository.move_back(&target.branch, new, old)? {
        return Ok(BranchMove::Done);
    }
    Ok(BranchMove::Undone)
}

/// Moves the current branch and updates the index. If the index cannot be updated, the branch moves back.
fn move_current(
    repository: &Repository,
    target: &Target,
    new: &str,
    old: Option<&str>,
    entries: &[Entry],
) -> Result<BranchMove, PublishError> {
    stage::wait_for_lock(repository)?;
    // The user may have switched branches while the records were read.
    if !target.is_still_current(repository)? {
        return Err(PublishError::BranchSwitched(target.branch.to_string()));
    }
    stage::write_journal(repository, entries)?;
    let moved = move_branch_checked(repository, target, new, old);
    if !matches!(moved, Ok(BranchMove::Done)) {
        stage::remove_journal(repository);
        return moved;
    }
    // If the user has switched branches, the index belongs to the other branch.
    let staged = match target.is_still_current(repository) {
        Ok(false) => Ok(()),
        _ => stage::stage(repository, entries),
    };
    match staged {
        Ok(()) => stage::finish(repository),
        // A branch with a newer commit does not move back. The next publishing updates the index.
        Err(error) if repository.move_back(&target.branch, new, old)? => {
            stage::remove_journal(repository);
            return Err(error);
        }
        Err(_) => {}
    }
    Ok(BranchMove::Done)
}

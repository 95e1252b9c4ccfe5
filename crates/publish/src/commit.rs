//! A commit that holds what its parent holds, and records.

use std::collections::HashSet;

use crate::cache::Cache;
use crate::error::{PublishError, Secret};
use crate::git::{Git, path_of};
use crate::ledger::{PushLedger, version};
use crate::message::{message, tally};
use crate::outcome::{Ignored, Skipped};
use crate::records::{Selection, select};
use crate::remote::Remote;
use crate::repository::Repository;
use crate::scan::Scan;
use crate::stage;
use crate::target::{Target, find_other_file};
use crate::tree::{Entry, with_entries};
use crate::withdrawn::previous_versions;
use crate::{reset, restore};

/// How often a branch may be moved by others while we are at it.
const MAX_ATTEMPTS: u32 = 10;

/// What was committed, if there was something.
pub(crate) struct Committed {
    /// Where the branch is now.
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
    /// What looks like secrets in records that earlier commits hold, and that are not pushed.
    pub(crate) left_out: Vec<Secret>,
}

/// What became of a branch that was to move to a new commit.
enum BranchMove {
    Done,
    /// Others have moved it first.
    LostRace,
    /// It is where it was: git has thrown away objects of the commit.
    Undone,
}

/// Commits what the branch does not have. Where it has no commit here, it begins with `start`.
pub(crate) fn commit(
    repository: &Repository,
    target: &Target,
    scan: &mut Scan,
    place: Option<(&Remote, &PushLedger)>,
    start: Option<&str>,
) -> Result<Committed, PublishError> {
    let cache = Cache::open(repository)?;
    if target.is_current {
        stage::finish_earlier(repository)?;
        reset::write_back(repository, target, place.map(|(_, ledger)| ledger))?;
    }
    let mut made_again = false;
    for _ in 0..MAX_ATTEMPTS {
        let old = repository.commit_of(target.full_name())?;
        let parent = old.as_deref().or(start);
        let selection = plan_commit(repository, &cache, target, scan, place, parent)?;
        let Selection { entries, ignored, skipped, secrets } = selection;
        if entries.is_empty() {
            let tip = parent.map(str::to_owned);
            return Ok(Committed { tip, new: None, ignored, skipped, secrets });
        }
        let new = match NewCommit::create(repository, scan, parent, &entries) {
            // Git has thrown away what the commit was to hold: it is made again, once.
            Err(PublishError::Git { .. }) if !made_again => {
                made_again = true;
                cache.reset();
                continue;
            }
            new => new?,
        };
        let moved = match target.is_current {
            true => move_current(repository, target, &new.commit, old.as_deref(), &entries)?,
            false => move_whole(repository, target, &new.commit, old.as_deref())?,
        };
        match moved {
            BranchMove::Done => {
                let tip = Some(new.commit.clone());
                return Ok(Committed { tip, new: Some(new), ignored, skipped, secrets });
            }
            BranchMove::LostRace => {}
            BranchMove::Undone => cache.reset(),
        }
    }
    Err(PublishError::LostRace(target.branch.to_string()))
}

/// What a commit to the target would hold beside what its parent holds.
pub(crate) fn plan_commit(
    repository: &Repository,
    cache: &Cache<'_>,
    target: &Target,
    scan: &mut Scan,
    place: Option<(&Remote, &PushLedger)>,
    parent: Option<&str>,
) -> Result<Selection, PublishError> {
    if let (Some(parent), false) = (parent, target.is_current)
        && let Some(other) = find_other_file(&repository.git, scan, parent)?
    {
        return Err(PublishError::NotOurs { branch: target.branch.to_string(), file: path_of(&other.path) });
    }
    let mut selection = select(repository, cache, scan, parent, target.is_current)?;
    if let (Some((remote, ledger)), Some(_), false) = (place, parent, target.is_current)
        && !selection.entries.is_empty()
    {
        // What others deleted or amended there is not brought back, though the file is still here.
        let tracked = if ledger.is_same_place() { previous_versions(repository, remote)? } else { HashSet::new() };
        let was_there = |entry: &Entry| ledger.has(entry) || tracked.contains(&version(entry));
        selection.entries.retain(|entry| !was_there(entry) || ledger.is_reverted(entry));
    }
    Ok(selection)
}

impl NewCommit {
    /// Makes the commit; no branch is moved.
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

/// The user's name and address, and ours in the place of what is not known.
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
            git = git.with(name, "tracing-failure");
        }
        // `EMAIL` is a guess to git.
        let guess = variable("EMAIL") && !repository.config.is_on("user.useconfigonly");
        if !variable(address) && !guess && !setting("user.email") && !setting(&format!("{section}.email")) {
            let host = gethostname::gethostname().to_string_lossy().into_owned();
            git = git.with(address, format!("tracing-failure@{host}"));
        }
    }
    git
}

/// Whether git takes this for a name: it leaves out blanks and some marks, and then something has to be left.
fn is_valid_name(name: &str) -> bool {
    name.chars().any(|c| c > ' ' && !".,:;<>\"\\'".contains(c))
}

/// Moves the branch, unless others have moved it. A commit that lacks objects does not stay on it.
fn move_whole(
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
    // Only now does nobody throw them away any more.
    if restore::is_whole(repository, new, old)? || !repository.move_back(&target.branch, new, old)? {
        return Ok(BranchMove::Done);
    }
    Ok(BranchMove::Undone)
}

/// The same for the branch that is checked out, and then its index. Where the index cannot follow, the branch goes back.
fn move_current(
    repository: &Repository,
    target: &Target,
    new: &str,
    old: Option<&str>,
    entries: &[Entry],
) -> Result<BranchMove, PublishError> {
    stage::wait_for_lock(repository)?;
    // To read the records takes a while.
    if !target.is_still_current(repository)? {
        return Err(PublishError::Switched(target.branch.to_string()));
    }
    stage::announce(repository, entries)?;
    let moved = move_whole(repository, target, new, old);
    if !matches!(moved, Ok(BranchMove::Done)) {
        stage::withdraw(repository);
        return moved;
    }
    // The index of another branch is not ours to change.
    let staged = match target.is_still_current(repository) {
        Ok(false) => Ok(()),
        _ => stage::stage(repository, entries),
    };
    match staged {
        Ok(()) => stage::finish(repository),
        // Whoever has built on it keeps it, and the next publishing sees to the index.
        Err(error) if repository.move_back(&target.branch, new, old)? => {
            stage::withdraw(repository);
            return Err(error);
        }
        Err(_) => {}
    }
    Ok(BranchMove::Done)
}

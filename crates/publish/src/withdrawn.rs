//! Records that a branch of the remote once had and that others have taken off it, by setting it back.

use std::collections::HashSet;
use std::ffi::OsStr;

use crate::branch::join;
use crate::error::PublishError;
use crate::git::path_of;
use crate::ledger::{PushLedger, version};
use crate::remote::Remote;
use crate::repository::Repository;
use crate::tree::{Entry, list_all};

/// How many earlier positions of a branch are looked at.
const MAX_POSITIONS: usize = 50;

/// How many branches are looked at where the branch itself is not on the remote.
const MAX_BRANCHES: usize = 20;

/// The records of commits that the remote's branch has lost.
#[derive(Debug, Default)]
pub(crate) struct Withdrawn {
    versions: HashSet<String>,
    is_set_back: bool,
}

impl Withdrawn {
    /// Compares where the branch has been, as far as is known here, with where it is. A branch that is not on the remote
    /// may bring back what its other branches have lost: `published` are commits that the remote has.
    pub(crate) fn find(
        repository: &Repository,
        remote: &Remote,
        ledger: &PushLedger,
        tip: Option<&str>,
        published: &[String],
    ) -> Result<Self, PublishError> {
        let mut positions = match ledger.is_same_place() {
            true => tracked_positions(repository, remote, tip.is_none())?,
            false => Vec::new(),
        };
        positions.extend(ledger.tip().filter(|_| tip.is_some()).map(str::to_owned));
        positions.sort_unstable();
        positions.dedup();
        let mut withdrawn = Withdrawn::default();
        for position in lost_commits(repository, positions, published)? {
            withdrawn.is_set_back = true;
            // What has been thrown away cannot come back either.
            let records = list_all(&repository.git, &position).unwrap_or_default();
            withdrawn.versions.extend(records.iter().map(version));
        }
        Ok(withdrawn)
    }

    /// Whether the branch was set back to an earlier commit, or begun anew.
    pub(crate) fn is_set_back(&self) -> bool {
        self.is_set_back
    }

    pub(crate) fn has(&self, entry: &Entry) -> bool {
        self.versions.contains(&version(entry))
    }
}

/// All records that the branch has had by its tracking branch, whether or not they were taken off it.
pub(crate) fn previous_versions(repository: &Repository, remote: &Remote) -> Result<HashSet<String>, PublishError> {
    let mut versions = HashSet::new();
    for position in tracked_positions(repository, remote, false)? {
        versions.extend(list_all(&repository.git, &position).unwrap_or_default().iter().map(version));
    }
    Ok(versions)
}

/// Where the tracking branch is and has been; or all tracking branches of the remote.
fn tracked_positions(repository: &Repository, remote: &Remote, all: bool) -> Result<Vec<String>, PublishError> {
    let Some(branch) = remote.tracking_branch(repository) else { return Ok(Vec::new()) };
    let names = match all {
        false => vec![branch],
        true => {
            let of_remote = format!("refs/remotes/{}/", remote.name);
            let words = ["for-each-ref", "--format=%(refname)", &format!("--count={MAX_BRANCHES}"), &of_remote];
            let names = repository.git.read(&words, Vec::new())?;
            let names = names.split(|byte| *byte == b'\n').filter(|name| !name.is_empty());
            names.map(|name| path_of(name).into_os_string()).collect()
        }
    };
    let mut positions = Vec::new();
    for name in names {
        positions.extend(repository.commit_of(&name)?);
        let limit = format!("--max-count={MAX_POSITIONS}");
        let words = ["log", "--walk-reflogs", "--format=%H", &limit].map(OsStr::new);
        let log = repository.git.try_output_line(&[&words[..], &[&name, OsStr::new("--")]].concat())?;
        let log: Vec<String> = log.unwrap_or_default().lines().map(str::to_owned).collect();
        // The log tells where each move led to; the oldest move also knows where it came from.
        let oldest = format!("@{{{}}}", log.len());
        positions.extend(repository.commit_of(join([&*name, OsStr::new(&oldest)]))?);
        positions.extend(log);
    }
    Ok(positions)
}

/// Those of the commits that the published ones do not build on.
fn lost_commits(
    repository: &Repository,
    positions: Vec<String>,
    published: &[String],
) -> Result<Vec<String>, PublishError> {
    let positions: Vec<String> = positions.into_iter().filter(|position| !published.contains(position)).collect();
    let mut lost = Vec::new();
    if positions.is_empty() || !reaches_beyond(repository, &positions, published)? {
        return Ok(lost);
    }
    for position in positions {
        if reaches_beyond(repository, std::slice::from_ref(&position), published)? {
            lost.push(position);
        }
    }
    Ok(lost)
}

/// Whether these commits have any that the published ones have not. Commits that are no longer here do not count.
fn reaches_beyond(repository: &Repository, commits: &[String], published: &[String]) -> Result<bool, PublishError> {
    let mut words = vec!["rev-list", "--max-count=1", "--ignore-missing"];
    words.extend(commits.iter().map(String::as_str));
    words.push("--not");
    words.extend(published.iter().map(String::as_str));
    Ok(repository.git.try_output_line(&words)?.is_some())
}

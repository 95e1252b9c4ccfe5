//! Records that were removed from a branch of the remote by resetting it to an earlier commit.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};

use crate::branch::join;
use crate::error::PublishError;
use crate::git::path_of;
use crate::ledger::{PushLedger, version};
use crate::remote::Remote;
use crate::repository::Repository;
use crate::tree::{Entry, list_all};

/// Maximum number of earlier positions of a branch that are examined.
const MAX_POSITIONS: usize = 50;

/// Maximum number of tracking branches that are examined if the branch itself is not on the remote.
const MAX_BRANCHES: usize = 20;

/// The records of commits that the remote's branch has lost.
#[derive(Debug, Default)]
pub(crate) struct WithdrawnRecords {
    versions: HashSet<String>,
    is_set_back: bool,
}

impl WithdrawnRecords {
    /// Compares the known earlier positions of the branch with its current one.
    ///
    /// If the branch is not on the remote, all tracking branches count, since the branch could restore their records.
    /// `published` are commits that the remote has.
    pub(crate) fn find(
        repository: &Repository,
        remote: &Remote,
        ledger: &PushLedger,
        tip: Option<&str>,
        published: &[String],
    ) -> Result<Self, PublishError> {
        let mut positions =
            if ledger.is_same_place() { tracked_positions(repository, remote, tip.is_none())? } else { Vec::new() };
        if tip.is_some() {
            positions.extend(ledger.tip().map(str::to_owned));
        }
        positions.sort_unstable();
        positions.dedup();
        let mut withdrawn = WithdrawnRecords::default();
        for position in lost_commits(repository, positions, published)? {
            withdrawn.is_set_back = true;
            // Pruned commits cannot be restored either.
            let records = list_all(&repository.git, &position).unwrap_or_default();
            withdrawn.versions.extend(records.iter().map(version));
        }
        Ok(withdrawn)
    }

    /// Returns true if the branch was reset to an earlier commit or recreated.
    pub(crate) fn is_set_back(&self) -> bool {
        self.is_set_back
    }

    pub(crate) fn has(&self, entry: &Entry) -> bool {
        self.versions.contains(&version(entry))
    }
}

/// Returns all versions of records that the tracking branch has had.
pub(crate) fn previous_versions(repository: &Repository, remote: &Remote) -> Result<HashSet<String>, PublishError> {
    let mut versions = HashSet::new();
    for position in tracked_positions(repository, remote, false)? {
        versions.extend(list_all(&repository.git, &position).unwrap_or_default().iter().map(version));
    }
    Ok(versions)
}

/// Returns the current and earlier commits of the tracking branch, or of all tracking branches of the remote.
fn tracked_positions(repository: &Repository, remote: &Remote, all: bool) -> Result<Vec<String>, PublishError> {
    let Some(branch) = remote.tracking_branch(repository) else { return Ok(Vec::new()) };
    let names = if all { tracking_branches(repository, remote)? } else { vec![branch] };
    let mut positions = Vec::new();
    for name in names {
        positions.extend(repository.commit_of(&name)?);
        let limit = format!("--max-count={MAX_POSITIONS}");
        let words = ["log", "--walk-reflogs", "--format=%H", &limit].map(OsStr::new);
        let log = repository.git.try_output_line(&[&words[..], &[&name, OsStr::new("--")]].concat())?;
        let log: Vec<String> = log.unwrap_or_default().lines().map(str::to_owned).collect();
        // The log contains the new position of each move. The oldest move also has an old position.
        let oldest = format!("@{{{}}}", log.len());
        positions.extend(repository.commit_of(join([&*name, OsStr::new(&oldest)]))?);
        positions.extend(log);
    }
    Ok(positions)
}

/// Returns the names of the tracking branches of the remote.
fn tracking_branches(repository: &Repository, remote: &Remote) -> Result<Vec<OsString>, PublishError> {
    let prefix = format!("refs/remotes/{}/", remote.name);
    let words = ["for-each-ref", "--format=%(refname)", &format!("--count={MAX_BRANCHES}"), &prefix];
    let output = repository.git.read(&words, Vec::new())?;
    let names = output.split(|byte| *byte == b'\n').filter(|name| !name.is_empty());
    Ok(names.map(|name| path_of(name).into_os_string()).collect())
}

/// Returns the commits that are not ancestors of the published ones.
fn lost_commits(
    repository: &Repository,
    positions: Vec<String>,
    published: &[String],
) -> Result<Vec<String>, PublishError> {
    let positions: Vec<String> = positions.into_iter().filter(|position| !published.contains(position)).collect();
    let mut lost_commits = Vec::new();
    if positions.is_empty() || !reaches_beyond(repository, &positions, published)? {
        return Ok(lost_commits);
    }
    for position in positions {
        if reaches_beyond(repository, std::slice::from_ref(&position), published)? {
            lost_commits.push(position);
        }
    }
    Ok(lost_commits)
}

/// Returns true if the commits have an ancestor that the published ones lack. Pruned commits do not count.
fn reaches_beyond(repository: &Repository, commits: &[String], published: &[String]) -> Result<bool, PublishError> {
    let mut words = vec!["rev-list", "--max-count=1", "--ignore-missing"];
    words.extend(commits.iter().map(String::as_str));
    words.push("--not");
    words.extend(published.iter().map(String::as_str));
    Ok(repository.git.try_output_line(&words)?.is_some())
}

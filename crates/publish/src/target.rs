//! The branch that records are committed to.

use std::ffi::{OsStr, OsString};

use crate::branch::Branch;
use crate::error::PublishError;
use crate::git::{Git, path_of, split_nul};
use crate::repository::Repository;
use crate::scan::Scan;
use crate::tree::{Entry, list_all};
use record::Store;
use record::internal::is_record_name;

/// Maximum number of files that are read to check that a branch contains only records.
const MAX_SAMPLED_FILES: usize = 64;

pub(crate) struct Target {
    pub(crate) branch: Branch,
    /// True if the branch is checked out. The work tree and the index then belong to the user.
    pub(crate) is_current: bool,
}

impl Target {
    /// Returns the branch with this name, or the current branch.
    pub(crate) fn choose(repository: &Repository, name: Option<&str>) -> Result<Self, PublishError> {
        let current = repository.current_branch()?;
        let Some(name) = name else {
            let branch = current.ok_or(PublishError::DetachedHead)?;
            refuse_in_series(repository)?;
            return Ok(Target { branch, is_current: true });
        };
        let mut branch = Branch::new(name);
        let words = [OsStr::new("check-ref-format"), &branch.full_name()];
        let allowed = repository.git.run(&words, Vec::new())?.succeeded;
        if !allowed || name.starts_with('-') || name == "HEAD" {
            return Err(PublishError::InvalidName(name.to_owned()));
        }
        // A symbolic reference stands for its target and is kept.
        if let Some(full_name) = repository.symbolic_target(&branch.full_name())? {
            branch = Branch::from_full_name(&full_name).ok_or_else(|| PublishError::InvalidName(name.to_owned()))?;
        }
        let is_current = current.as_ref() == Some(&branch);
        if is_current {
            refuse_in_series(repository)?;
        } else {
            refuse_checked_out(repository, &branch)?;
        }
        Ok(Target { branch, is_current })
    }

    pub(crate) fn is_still_current(&self, repository: &Repository) -> Result<bool, PublishError> {
        Ok(repository.current_branch()?.as_ref() == Some(&self.branch))
    }

    pub(crate) fn full_name(&self) -> OsString {
        self.branch.full_name()
    }

    /// Returns true if the file has the name of a record, in the directory of records if the branch is the current one.
    pub(crate) fn has_record_name(&self, repository: &Repository, path: &[u8]) -> bool {
        let name = if self.is_current {
            path.strip_prefix(&repository.prefix[..]).filter(|name| !name.contains(&b'/'))
        } else {
            path.rsplit(|byte| *byte == b'/').next()
        };
        name.and_then(|name| std::str::from_utf8(name).ok()).is_some_and(is_record_name)
    }
}

/// Fails during a `git cherry-pick` or `git am` of several commits, which could not be aborted after the branch has
/// moved.
fn refuse_in_series(repository: &Repository) -> Result<(), PublishError> {
    match ["sequencer", "rebase-apply"].into_iter().find(|name| repository.git_dir.join(name).exists()) {
        Some(name) => Err(PublishError::SeriesInProgress(repository.git_dir.join(name))),
        None => Ok(()),
    }
}

/// Fails if the branch is checked out in another work tree.
fn refuse_checked_out(repository: &Repository, branch: &Branch) -> Result<(), PublishError> {
    let text = repository.git.read(&["worktree", "list", "--porcelain", "-z"], Vec::new())?;
    let mut work_tree = path_of(b"");
    for line in split_nul(&text) {
        if let Some(path) = line.strip_prefix(b"worktree ") {
            work_tree = path_of(path);
        } else if line.strip_prefix(b"branch ").and_then(Branch::from_full_name).as_ref() == Some(branch) {
            return Err(PublishError::BranchInUse { branch: branch.to_string(), work_tree });
        }
    }
    Ok(())
}

/// Returns a file of the commit that is not a record.
pub(crate) fn find_other_file(git: &Git, scan: &mut Scan, commit: &str) -> Result<Option<Entry>, PublishError> {
    let entries = list_all(git, commit)?;
    let file_name = |entry: &Entry| {
        let name = entry.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        std::str::from_utf8(name).unwrap_or_default().to_owned()
    };
    let has_name = |entry: &Entry| entry.mode.starts_with("100") && is_record_name(&file_name(entry));
    let (records, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(has_name);
    if let Some(other) = others.into_iter().next() {
        return Ok(Some(other));
    }
    let unsure = records.into_iter().filter(|entry| !Store::is_record_file_name(&file_name(entry)));
    let unsure: Vec<Entry> = unsure.take(MAX_SAMPLED_FILES).collect();
    scan.read(git, &unsure)?;
    Ok(unsure.into_iter().find(|entry| scan.rejection(entry).is_some()))
}

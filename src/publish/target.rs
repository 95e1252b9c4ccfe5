//! The branch that records are committed to.

use super::error::PublishError;
use super::git::{Git, parts, path_of};
use super::repository::Repository;
use super::scan::Scan;
use super::tree::{Entry, list_all};
use crate::store::{Store, is_record_name};

/// How many files are read to see whether a branch holds records, where their names do not say it.
const SAMPLE: usize = 64;

pub(super) struct Target {
    pub(super) branch: String,
    /// Whether it is checked out: its work tree and its index are the user's then.
    pub(super) is_current: bool,
}

impl Target {
    /// The branch of this name, or the current one.
    pub(super) fn choose(repository: &Repository, name: Option<&str>) -> Result<Self, PublishError> {
        let current = repository.current_branch()?;
        let Some(name) = name else {
            let branch = current.ok_or(PublishError::DetachedHead)?;
            not_in_a_series(repository)?;
            return Ok(Target { branch, is_current: true });
        };
        let full_name = format!("refs/heads/{name}");
        let allowed = repository.git.run(&["check-ref-format", &full_name], Vec::new())?.succeeded;
        if !allowed || name.starts_with('-') || name == "HEAD" {
            return Err(PublishError::Name(name.to_owned()));
        }
        // An alias stands for the branch that it points to, and stays an alias.
        let alias = repository.git.look_up(&["symbolic-ref", "-q", &full_name])?;
        let name = match &alias {
            Some(target) => target.strip_prefix("refs/heads/").ok_or_else(|| PublishError::Name(name.to_owned()))?,
            None => name,
        };
        let is_current = current.as_deref() == Some(name);
        match is_current {
            true => not_in_a_series(repository)?,
            false => not_checked_out(repository, name)?,
        }
        Ok(Target { branch: name.to_owned(), is_current })
    }

    pub(super) fn is_still_current(&self, repository: &Repository) -> Result<bool, PublishError> {
        Ok(repository.current_branch()?.as_deref() == Some(&*self.branch))
    }

    pub(super) fn full_name(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// Whether this file of the branch is one that we may publish, by its name.
    pub(super) fn has_record_name(&self, repository: &Repository, path: &[u8]) -> bool {
        let name = match self.is_current {
            true => path.strip_prefix(&repository.prefix[..]).filter(|name| !name.contains(&b'/')),
            false => path.rsplit(|byte| *byte == b'/').next(),
        };
        name.and_then(|name| std::str::from_utf8(name).ok()).is_some_and(is_record_name)
    }
}

/// A `git cherry-pick` or `git am` of several commits gives up its way back once the branch has moved.
fn not_in_a_series(repository: &Repository) -> Result<(), PublishError> {
    match ["sequencer", "rebase-apply"].into_iter().find(|name| repository.git_dir.join(name).exists()) {
        Some(name) => Err(PublishError::InSeries(repository.git_dir.join(name))),
        None => Ok(()),
    }
}

fn not_checked_out(repository: &Repository, branch: &str) -> Result<(), PublishError> {
    let text = repository.git.read(&["worktree", "list", "--porcelain", "-z"], Vec::new())?;
    let mut work_tree = path_of(b"");
    for line in parts(&text) {
        if let Some(path) = line.strip_prefix(b"worktree ") {
            work_tree = path_of(path);
        } else if line.strip_prefix(b"branch refs/heads/") == Some(branch.as_bytes()) {
            return Err(PublishError::BranchInUse { branch: branch.to_owned(), work_tree });
        }
    }
    Ok(())
}

/// A file of the commit that is no record.
pub(super) fn other_file(git: &Git, scan: &mut Scan, commit: &str) -> Result<Option<Entry>, PublishError> {
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
    let unsure = records.into_iter().filter(|entry| !Store::is_own_name(&file_name(entry)));
    let unsure: Vec<Entry> = unsure.take(SAMPLE).collect();
    scan.read(git, &unsure)?;
    Ok(unsure.into_iter().find(|entry| scan.why_not(entry).is_some()))
}

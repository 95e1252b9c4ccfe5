//! Restores records that `git reset --hard` removed from the branch and from disk before they were pushed.
//!
//! Without the commit of records, they would be untracked files, which a reset keeps. They are therefore written back
//! and published like any other record. The reflog of the branch shows a reset.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write;

use crate::error::PublishError;
use crate::git::path_of;
use crate::ledger::PushLedger;
use crate::message::REFLOG_MESSAGE;
use crate::repository::Repository;
use crate::target::Target;
use crate::tree::{Entry, changed_files};

/// Maximum number of reflog entries that are examined.
const MAX_REFLOG_ENTRIES: usize = 50;

/// Restores the records of commits that a reset dropped, if they are on no remote.
pub(crate) fn restore_dropped_records(
    repository: &Repository,
    target: &Target,
    ledger: Option<&PushLedger>,
) -> Result<(), PublishError> {
    let Some(tip) = repository.commit_of(target.full_name())? else { return Ok(()) };
    for commit in dropped_commits(repository, target)? {
        let published =
            repository.git.try_output_line(&["rev-list", "--max-count=1", &commit, "--not", &tip, "--remotes"])?;
        if published.is_none() {
            continue;
        }
        for entry in changed_files(&repository.git, &tip, &commit, false)? {
            let is_record = target.has_record_name(repository, &entry.path);
            if is_record && !ledger.is_some_and(|ledger| ledger.has(&entry)) {
                restore_record(repository, &entry)?;
            }
        }
    }
    Ok(())
}

/// Returns the commits of records that the branch was reset from.
fn dropped_commits(repository: &Repository, target: &Target) -> Result<Vec<String>, PublishError> {
    let limit = format!("--max-count={MAX_REFLOG_ENTRIES}");
    let name = target.full_name();
    let words = ["log", "--walk-reflogs", "-z", "--format=%H %gs", &limit].map(OsStr::new);
    let answer = repository.git.run(&[&words[..], &[&name, OsStr::new("--")]].concat(), Vec::new())?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let moves: Vec<(&str, &str)> = text.split('\0').filter_map(|line| line.split_once(' ')).collect();
    // The newest comes first.
    let pairs = moves.windows(2).filter(|pair| pair[0].1.starts_with("reset: ") && pair[1].1 == REFLOG_MESSAGE);
    Ok(pairs.map(|pair| pair[1].0.to_owned()).collect())
}

/// Writes a record unless a file with its name exists.
fn restore_record(repository: &Repository, entry: &Entry) -> Result<(), PublishError> {
    let path = repository.work_tree.join(path_of(&entry.path));
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    let text = repository.git.read(&["cat-file", "blob", &entry.blob], Vec::new())?;
    let written =
        OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| file.write_all(&text));
    written.map_err(|error| PublishError::Io(runtime::io_error::about(&path, "cannot write back", error)))
}

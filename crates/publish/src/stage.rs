//! Updates the user's index after a commit to the current branch. It gets the committed records and no other change.
//!
//! The branch moves first. A record that is in a commit cannot be lost, whereas a record that is only staged is deleted
//! by the user's next `git reset --hard`. A journal lists the entries until the index has them.
//!
//! A `git commit` of the user may have read the index earlier, and writes the old version back. It holds the lock of
//! the index until then. The journal is therefore kept if another process holds that lock right after the update, and
//! only then are missing entries added again. Entries that the user removes at any other time stay removed.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::error::PublishError;
use crate::git::split_nul;
use crate::private_index::index_line;
use crate::repository::Repository;
use crate::tree::{Entry, list_dir};
use runtime::io_error::about;

/// Maximum time to wait for the lock of the index.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum time between reading the index and locking it in another process.
const MAX_LOCK_GAP: Duration = Duration::from_millis(60);

/// Waits until no other process holds the lock of the index.
pub(crate) fn wait_for_lock(repository: &Repository) -> Result<(), PublishError> {
    retry(repository, || Ok(!is_locked(repository)))
}

/// Writes the journal, which the next publishing applies if this one is killed.
pub(crate) fn write_journal(repository: &Repository, entries: &[Entry]) -> Result<(), PublishError> {
    let journal = journal(repository)?;
    let written = std::fs::write(&journal, lines(entries));
    written.map_err(|error| PublishError::Io(about(&journal, "cannot write", error)))?;
    repository.share(&journal);
    Ok(())
}

/// Removes the journal.
pub(crate) fn remove_journal(repository: &Repository) {
    let _ = journal(repository).map(std::fs::remove_file);
}

/// Removes the journal, unless another process may write back an index without the entries.
pub(crate) fn finish(repository: &Repository) {
    let started = Instant::now();
    while started.elapsed() < MAX_LOCK_GAP {
        if is_locked(repository) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    remove_journal(repository);
}

/// Adds the records to the index.
pub(crate) fn stage(repository: &Repository, entries: &[Entry]) -> Result<(), PublishError> {
    retry(repository, || {
        let output = repository.git.run(&["update-index", "--add", "-z", "--index-info"], lines(entries))?;
        let is_locked =
            !output.succeeded && output.stderr.contains("index.lock") && output.stderr.contains("File exists");
        if is_locked { Ok(false) } else { output.into_stdout().map(|_| true) }
    })?;
    // Commands that do not refresh the index must not show the records as changed.
    let _ = repository.git.run(&["add", "--refresh", "--", "."], Vec::new());
    Ok(())
}

/// Applies an earlier journal, whose publisher was killed, or found the index locked.
pub(crate) fn finish_earlier(repository: &Repository) -> Result<(), PublishError> {
    let journal = journal(repository)?;
    let Ok(text) = std::fs::read(&journal) else { return Ok(()) };
    let entries: Vec<Entry> = split_nul(&text).filter_map(parse_entry).collect();
    stage_missing(repository, &entries)?;
    remove_journal(repository);
    Ok(())
}

/// Applies the journal at the end of a publishing, unless the index is still locked.
pub(crate) fn finish_if_unlocked(repository: &Repository) {
    if !is_locked(repository) {
        let _ = finish_earlier(repository);
    }
}

/// Adds the entries that HEAD has and the index lacks. The next commit of the user would delete them.
fn stage_missing(repository: &Repository, entries: &[Entry]) -> Result<(), PublishError> {
    let items = list_dir(&repository.git, repository.commit_of("HEAD")?.as_deref(), &repository.prefix)?;
    let head: HashMap<Vec<u8>, &str> =
        items.iter().filter_map(|item| Some((repository.path_of(item.name()?), item.object.as_str()))).collect();
    let text = repository.git.read(&["ls-files", "-s", "-z", "--full-name", "--", "."], Vec::new())?;
    let staged: HashSet<Vec<u8>> = split_nul(&text).filter_map(parse_entry).map(|entry| entry.path).collect();
    let is_missing = |entry: &&Entry| head.get(&entry.path) == Some(&&*entry.blob) && !staged.contains(&entry.path);
    let missing: Vec<Entry> = entries.iter().filter(is_missing).cloned().collect();
    if missing.is_empty() { Ok(()) } else { stage(repository, &missing) }
}

/// Returns the path of the journal.
fn journal(repository: &Repository) -> Result<PathBuf, PublishError> {
    Ok(repository.state_dir(&repository.git_dir)?.join("to-stage"))
}

fn is_locked(repository: &Repository) -> bool {
    repository.git_dir.join("index.lock").exists()
}

fn lines(entries: &[Entry]) -> Vec<u8> {
    entries.iter().flat_map(|entry| index_line(&entry.mode, &entry.blob, &entry.path)).collect()
}

/// `100644 83baae… 0\tpath`, or without the stage.
fn parse_entry(line: &[u8]) -> Option<Entry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
    let (mode, blob) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(Entry { path: line[tab + 1..].to_owned(), mode, blob })
}

/// Repeats the attempt while another process holds the lock of the index.
fn retry(repository: &Repository, attempt: impl Fn() -> Result<bool, PublishError>) -> Result<(), PublishError> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(10);
    while !attempt()? {
        if started.elapsed() > LOCK_TIMEOUT.min(repository.git.timeout) {
            return Err(PublishError::IndexLocked(repository.git_dir.join("index.lock")));
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(500));
    }
    Ok(())
}

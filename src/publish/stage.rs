//! The user's index follows the branch: it gets the records that were committed, and nothing else changes in it.
//!
//! The branch moves first. A record that is in a commit cannot be lost, whereas one that is only staged is deleted by the
//! user's next `git reset --hard`. Until the index has followed, a note says what it is to get.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cache::index_line;
use super::error::PublishError;
use super::git::parts;
use super::repository::Repository;
use super::tree::{Entry, list_dir};
use crate::store::about;

/// How long to wait for somebody who holds the lock of the index.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long after us a `git commit` may write back the index that it had read before.
const SLOWEST_COMMIT: Duration = Duration::from_secs(60);

/// The note's name when it is done.
const DONE: &str = "staged";

/// Waits until nobody holds the index.
pub(super) fn wait_for_lock(repository: &Repository) -> Result<(), PublishError> {
    let lock = repository.git_dir.join("index.lock");
    retry(repository, || Ok((!lock.exists()).then_some(())))
}

/// Leaves word of what the index is to get, for whoever comes after us if we are killed.
pub(super) fn announce(repository: &Repository, entries: &[Entry]) -> Result<(), PublishError> {
    let note = note(repository)?;
    std::fs::write(&note, lines(entries)).map_err(|error| PublishError::Io(about(&note, "cannot write", error)))
}

/// What was announced will not be.
pub(super) fn withdraw(repository: &Repository) {
    let _ = note(repository).map(std::fs::remove_file);
}

/// What was announced is done. It is looked at once more by the next publishing.
pub(super) fn done(repository: &Repository) {
    let _ = note(repository).map(|note| std::fs::rename(&note, note.with_file_name(DONE)));
}

/// Adds the records to the index.
pub(super) fn stage(repository: &Repository, entries: &[Entry]) -> Result<(), PublishError> {
    retry(repository, || {
        let said = repository.git.run(&["update-index", "--add", "-z", "--index-info"], lines(entries))?;
        let is_locked = !said.succeeded && said.stderr.contains("index.lock") && said.stderr.contains("File exists");
        if is_locked { Ok(None) } else { said.ok().map(|_| Some(())) }
    })?;
    // So that those who ask without refreshing see no changes.
    let _ = repository.git.run(&["add", "--refresh", "--", "."], Vec::new());
    Ok(())
}

/// Does what somebody who was killed had announced, and does again what was undone meanwhile: by a `git commit` of the
/// user's, that read the index before us and wrote it back afterwards. What is taken out later is taken out on purpose.
pub(super) fn finish_earlier(repository: &Repository) -> Result<(), PublishError> {
    let announced = note(repository)?;
    let done = announced.with_file_name(DONE);
    let written = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let is_recent = written(&done).zip(written(&repository.git_dir.join("index")));
    let is_recent = is_recent.is_some_and(|(done, index)| index <= done + SLOWEST_COMMIT);
    for (note, counts) in [(&announced, true), (&done, is_recent)] {
        let Ok(text) = std::fs::read(note) else { continue };
        if counts {
            let entries: Vec<Entry> = parts(&text).filter_map(entry).collect();
            stage_missing(repository, &entries)?;
        }
        let _ = std::fs::remove_file(note);
    }
    Ok(())
}

/// Adds those that HEAD has and the index lacks: the next commit of the user's would delete them.
pub(super) fn stage_missing(repository: &Repository, entries: &[Entry]) -> Result<(), PublishError> {
    let items = list_dir(&repository.git, repository.commit_of("HEAD")?.as_deref(), &repository.prefix)?;
    let head: HashMap<Vec<u8>, &str> =
        items.iter().filter_map(|item| Some((repository.path_of(item.name()?), item.object.as_str()))).collect();
    let text = repository.git.read(&["ls-files", "-s", "-z", "--full-name", "--", "."], Vec::new())?;
    let staged: HashSet<Vec<u8>> = parts(&text).filter_map(entry).map(|entry| entry.path).collect();
    let is_missing = |entry: &&Entry| head.get(&entry.path) == Some(&&*entry.blob) && !staged.contains(&entry.path);
    let missing: Vec<Entry> = entries.iter().filter(is_missing).cloned().collect();
    if missing.is_empty() { Ok(()) } else { stage(repository, &missing) }
}

/// What the index is to get.
fn note(repository: &Repository) -> Result<PathBuf, PublishError> {
    Ok(repository.own_dir(&repository.git_dir)?.join("to-stage"))
}

fn lines(entries: &[Entry]) -> Vec<u8> {
    entries.iter().flat_map(|entry| index_line(&entry.mode, &entry.blob, &entry.path)).collect()
}

/// `100644 83baae… 0\tpath`, or without the stage.
fn entry(line: &[u8]) -> Option<Entry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
    let (mode, blob) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(Entry { path: line[tab + 1..].to_owned(), mode, blob })
}

/// Tries again as long as somebody holds the index.
fn retry(repository: &Repository, attempt: impl Fn() -> Result<Option<()>, PublishError>) -> Result<(), PublishError> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(10);
    while attempt()?.is_none() {
        if started.elapsed() > PATIENCE.min(repository.git.timeout) {
            return Err(PublishError::IndexLocked(repository.git_dir.join("index.lock")));
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(500));
    }
    Ok(())
}

//! Restores pruned objects. `git gc --prune=now` deletes objects that no reference contained when it ran.
//!
//! A commit with a missing record cannot be pushed, not even by the user. New commits are therefore checked after the
//! branch refers to them, and missing objects of older commits are restored from the files.

use crate::error::PublishError;
use crate::repository::Repository;
use crate::tree::TreeItem;

/// Returns true if all objects exist that the commit adds to its parent.
pub(crate) fn has_all_objects(
    repository: &Repository,
    commit: &str,
    parent: Option<&str>,
) -> Result<bool, PublishError> {
    let mut words = vec!["rev-list", "--objects", "--quiet", commit];
    words.extend(parent.iter().flat_map(|parent| ["--not", parent]));
    Ok(repository.git.run(&words, Vec::new())?.succeeded)
}

/// Restores the missing objects of files that still have the same content.
pub(crate) fn restore_missing(repository: &Repository, items: &[&TreeItem]) -> Result<(), PublishError> {
    // A partial clone lacks objects on purpose and fetches them on demand.
    if repository.config.is_partial() {
        return Ok(());
    }
    let is_file = |item: &&TreeItem| item.name().is_some_and(|name| repository.dir.join(name).is_file());
    let missing: Vec<&TreeItem> = find_missing(repository, items)?.into_iter().filter(is_file).collect();
    let hashes = hash(repository, &missing, &[])?;
    let same: Vec<&TreeItem> = missing
        .into_iter()
        .zip(hashes.lines())
        .filter(|(item, hash)| item.object == *hash)
        .map(|(item, _)| item)
        .collect();
    hash(repository, &same, &["-w"]).map(drop)
}

/// Returns the object names of the current files.
fn hash(repository: &Repository, items: &[&TreeItem], options: &[&str]) -> Result<String, PublishError> {
    if items.is_empty() {
        return Ok(String::new());
    }
    // `--stdin-paths` reads paths relative to the root of the work tree.
    let paths = items.iter().filter_map(|item| item.name()).flat_map(|name| [repository.path_of(name), b"\n".to_vec()]);
    repository.git.output_line(&[&["hash-object", "--stdin-paths"], options].concat(), paths.flatten().collect())
}

/// Returns the files whose object is missing.
fn find_missing<'a>(repository: &Repository, items: &[&'a TreeItem]) -> Result<Vec<&'a TreeItem>, PublishError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let objects = items.iter().flat_map(|item| [&item.object, "\n"]).collect::<String>();
    let answers = repository.git.output_line(&["cat-file", "--batch-check"], objects.into_bytes())?;
    let is_missing = |(item, answer): (&&'a TreeItem, &str)| answer.ends_with(" missing").then_some(*item);
    Ok(items.iter().zip(answers.lines()).filter_map(is_missing).collect())
}

//! Objects that git has thrown away: `git gc --prune=now` takes those that no reference had when it looked.
//!
//! A commit that lacks a record cannot be pushed, not even by the user. New commits are therefore checked once the branch
//! refers to them, and older ones get their records back from the files.

use crate::error::PublishError;
use crate::repository::Repository;
use crate::tree::TreeItem;

/// Whether all objects are here that this commit has and its parent has not.
pub(crate) fn is_whole(repository: &Repository, commit: &str, parent: Option<&str>) -> Result<bool, PublishError> {
    let mut words = vec!["rev-list", "--objects", "--quiet", commit];
    words.extend(parent.iter().flat_map(|parent| ["--not", parent]));
    Ok(repository.git.run(&words, Vec::new())?.succeeded)
}

/// Makes the missing objects of these files again, where the files still have that content.
pub(crate) fn restore_missing(repository: &Repository, items: &[&TreeItem]) -> Result<(), PublishError> {
    // A partial clone lacks objects on purpose, and fetches them when they are asked for.
    if repository.config.is_partial() {
        return Ok(());
    }
    let is_file = |item: &&TreeItem| item.name().is_some_and(|name| repository.dir.join(name).is_file());
    let missing: Vec<&TreeItem> = missing(repository, items)?.into_iter().filter(is_file).collect();
    let hashes = hash(repository, &missing, &[])?;
    let same: Vec<&TreeItem> = missing
        .into_iter()
        .zip(hashes.lines())
        .filter(|(item, hash)| item.object == *hash)
        .map(|(item, _)| item)
        .collect();
    hash(repository, &same, &["-w"]).map(drop)
}

/// The names of the objects that the files have now.
fn hash(repository: &Repository, items: &[&TreeItem], options: &[&str]) -> Result<String, PublishError> {
    if items.is_empty() {
        return Ok(String::new());
    }
    // These paths begin at the root of the work tree, wherever git is called.
    let paths = items.iter().filter_map(|item| item.name()).flat_map(|name| [repository.path_of(name), b"\n".to_vec()]);
    repository.git.output_line(&[&["hash-object", "--stdin-paths"], options].concat(), paths.flatten().collect())
}

/// Those whose object is not here.
fn missing<'a>(repository: &Repository, items: &[&'a TreeItem]) -> Result<Vec<&'a TreeItem>, PublishError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let objects = items.iter().flat_map(|item| [&item.object, "\n"]).collect::<String>();
    let answers = repository.git.output_line(&["cat-file", "--batch-check"], objects.into_bytes())?;
    let is_missing = |(item, answer): (&&'a TreeItem, &str)| answer.ends_with(" missing").then_some(*item);
    Ok(items.iter().zip(answers.lines()).filter_map(is_missing).collect())
}

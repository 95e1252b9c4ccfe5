//! A private git index of the directory of records. It recognises unchanged files by size and time, so that thousands
//! of records need not be read again.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::error::PublishError;
use crate::git::{Git, split_nul};
use crate::repository::Repository;
use crate::tree::{Entry, TreeItem};
use runtime::io_error::about;

/// The private index and the git that uses it.
pub(crate) struct PrivateIndex<'a> {
    repository: &'a Repository,
    pub(crate) git: Git,
    index: PathBuf,
    /// The directory for everything that is written, if the repository must not change.
    _scratch: Option<ScratchDir>,
}

impl<'a> PrivateIndex<'a> {
    /// Opens the index of the work tree.
    pub(crate) fn open(repository: &'a Repository) -> Result<Self, PublishError> {
        let index = repository.state_dir(&repository.git_dir)?.join("index");
        let git = with_index(&repository.git, &index);
        Ok(PrivateIndex { repository, git, index, _scratch: None })
    }

    /// Copies the index to a temporary directory, which also receives new objects.
    pub(crate) fn scratch(repository: &'a Repository) -> Result<Self, PublishError> {
        let scratch = ScratchDir::new()?;
        let index = scratch.0.join("index");
        // Without a readable index, all files are examined.
        let _ = std::fs::copy(repository.git_dir.join("tracing-failure").join("index"), &index);
        let objects = repository
            .git
            .output_line(&["rev-parse", "--path-format=absolute", "--git-path", "objects"], Vec::new())?;
        let git = with_index(&repository.git, &index)
            .with_variable("GIT_OBJECT_DIRECTORY", &scratch.0)
            .with_variable("GIT_ALTERNATE_OBJECT_DIRECTORIES", quote(&objects));
        Ok(PrivateIndex { repository, git, index, _scratch: Some(scratch) })
    }

    /// Deletes the index. Only publishers lock it, one at a time, so a remaining lock is stale.
    pub(crate) fn reset(&self) {
        let _ = std::fs::remove_file(&self.index);
        let _ = std::fs::remove_file(self.index.with_extension("lock"));
    }

    /// Returns the files whose content is unknown to the index and to the tree of the target.
    pub(crate) fn changed_files(
        &self,
        names: &[&str],
        target: &HashMap<&str, &TreeItem>,
    ) -> Result<Vec<String>, PublishError> {
        self.align(names, target)?;
        let dirty = self.git.read(&["diff-files", "-z", "--name-only", "--relative", "--", "."], Vec::new())?;
        let dirty: HashSet<&[u8]> = split_nul(&dirty).collect();
        let known = self.entries()?;
        let is_unknown = |name: &&&str| dirty.contains(name.as_bytes()) || !known.contains_key(**name);
        Ok(names.iter().filter(is_unknown).map(|name| (*name).to_owned()).collect())
    }

    /// Adds the entries of the target to the index, and removes files that no longer exist.
    fn align(&self, names: &[&str], target: &HashMap<&str, &TreeItem>) -> Result<(), PublishError> {
        let known = self.entries()?;
        let present: HashSet<&str> = names.iter().copied().collect();
        let mut lines = Vec::new();
        for (name, item) in target.iter().filter(|(name, _)| present.contains(*name) && !known.contains_key(**name)) {
            lines.extend(index_line(&item.mode, &item.object, &self.repository.path_of(name)));
        }
        for (name, entry) in known.iter().filter(|(name, _)| !present.contains(name.as_str())) {
            lines.extend(index_line("0", &entry.blob, &self.repository.path_of(name)));
        }
        if !lines.is_empty() {
            self.git.read(&["update-index", "-z", "--index-info"], lines)?;
        }
        // The exit code only says that a file has changed.
        self.git.run(&["update-index", "-q", "--refresh"], Vec::new())?;
        Ok(())
    }

    /// Adds the current content of the files, converted by the filters of `.gitattributes`.
    pub(crate) fn add(&self, names: &[&str]) -> Result<(), PublishError> {
        let input: Vec<u8> = names.iter().flat_map(|name| [name.as_bytes(), b"\0"].concat()).collect();
        if !input.is_empty() {
            self.git.read(&["update-index", "--add", "--remove", "-z", "--stdin"], input)?;
        }
        Ok(())
    }

    /// Returns the entries of all files of the directory, by name.
    pub(crate) fn entries(&self) -> Result<HashMap<String, Entry>, PublishError> {
        let text = self.git.read(&["ls-files", "-s", "-z", "--", "."], Vec::new())?;
        Ok(split_nul(&text).filter_map(|line| self.parse_entry(line)).collect())
    }

    /// `100644 83baae… 0\tname`
    fn parse_entry(&self, line: &[u8]) -> Option<(String, Entry)> {
        let (words, name) = std::str::from_utf8(line).ok()?.split_once('\t')?;
        let mut words = words.split(' ');
        let (mode, blob) = (words.next()?.to_owned(), words.next()?.to_owned());
        Some((name.to_owned(), Entry { path: self.repository.path_of(name), mode, blob }))
    }
}

fn with_index(git: &Git, index: &Path) -> Git {
    git.with_setting("core.splitIndex=false")
        .with_setting("core.untrackedCache=false")
        .with_setting("index.sparse=false")
        .with_variable("GIT_INDEX_FILE", index)
}

/// A line for `update-index --index-info`.
pub(crate) fn index_line(mode: &str, blob: &str, path: &[u8]) -> Vec<u8> {
    [mode.as_bytes(), b" ", blob.as_bytes(), b"\t", path, b"\0"].concat()
}

/// Quotes a path for a list that is separated by colons.
fn quote(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A temporary directory that is removed on drop.
struct ScratchDir(PathBuf);

impl ScratchDir {
    fn new() -> Result<Self, PublishError> {
        let dir = std::env::temp_dir().join(format!("tracing-failure-{}", record::time::new_id()));
        #[cfg_attr(not(unix), allow(unused_mut))]
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&dir).map_err(|error| PublishError::Io(about(&dir, "cannot create the directory", error)))?;
        Ok(ScratchDir(dir))
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

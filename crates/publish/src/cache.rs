//! What the files of the directory look like to git: an index of our own, which knows by size and time which files it has
//! seen already, so that thousands of them need not be read each time.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::error::PublishError;
use crate::git::{Git, split_nul};
use crate::repository::Repository;
use crate::tree::{Entry, TreeItem};
use runtime::io_error::about;

pub(crate) struct Cache<'a> {
    repository: &'a Repository,
    pub(crate) git: Git,
    index: PathBuf,
    /// Where all that is written goes, if the repository is not to be changed.
    _scratch: Option<ScratchDir>,
}

impl<'a> Cache<'a> {
    /// The cache of this work tree.
    pub(crate) fn open(repository: &'a Repository) -> Result<Self, PublishError> {
        let index = repository.state_dir(&repository.git_dir)?.join("index");
        let git = with_index(&repository.git, &index);
        Ok(Cache { repository, git, index, _scratch: None })
    }

    /// A copy of it, and a place for blobs, outside of the repository.
    pub(crate) fn scratch(repository: &'a Repository) -> Result<Self, PublishError> {
        let scratch = ScratchDir::new()?;
        let index = scratch.0.join("index");
        // Where there is none, or it cannot be read, all files are looked at.
        let _ = std::fs::copy(repository.git_dir.join("tracing-failure").join("index"), &index);
        let objects = repository
            .git
            .output_line(&["rev-parse", "--path-format=absolute", "--git-path", "objects"], Vec::new())?;
        let git = with_index(&repository.git, &index)
            .with("GIT_OBJECT_DIRECTORY", &scratch.0)
            .with("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&objects));
        Ok(Cache { repository, git, index, _scratch: Some(scratch) })
    }

    /// Begins anew. Its lock is ours alone: one that is there was left behind by a git that was killed.
    pub(crate) fn reset(&self) {
        let _ = std::fs::remove_file(&self.index);
        let _ = std::fs::remove_file(self.index.with_extension("lock"));
    }

    /// Which of these files have a content that is not known. What the tree of the target has needs no second look.
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

    /// Takes in what the target has of these files, and lets go of files that are no more.
    fn align(&self, names: &[&str], target: &HashMap<&str, &TreeItem>) -> Result<(), PublishError> {
        let known = self.entries()?;
        let wanted: HashSet<&str> = names.iter().copied().collect();
        let mut lines = Vec::new();
        for (name, item) in target.iter().filter(|(name, _)| wanted.contains(*name) && !known.contains_key(**name)) {
            lines.extend(index_line(&item.mode, &item.object, &self.repository.path_of(name)));
        }
        for (name, entry) in known.iter().filter(|(name, _)| !wanted.contains(name.as_str())) {
            lines.extend(index_line("0", &entry.blob, &self.repository.path_of(name)));
        }
        if !lines.is_empty() {
            self.git.read(&["update-index", "-z", "--index-info"], lines)?;
        }
        // It fails where a file has changed, which is no failure here.
        self.git.run(&["update-index", "-q", "--refresh"], Vec::new())?;
        Ok(())
    }

    /// Takes in the files as they are now, by way of the filters of `.gitattributes`.
    pub(crate) fn add(&self, names: &[&str]) -> Result<(), PublishError> {
        let input: Vec<u8> = names.iter().flat_map(|name| [name.as_bytes(), b"\0"].concat()).collect();
        if !input.is_empty() {
            self.git.read(&["update-index", "--add", "--remove", "-z", "--stdin"], input)?;
        }
        Ok(())
    }

    /// All files of the directory that it knows, by name.
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
    git.set("core.splitIndex=false")
        .set("core.untrackedCache=false")
        .set("index.sparse=false")
        .with("GIT_INDEX_FILE", index)
}

/// What `update-index --index-info` reads.
pub(crate) fn index_line(mode: &str, blob: &str, path: &[u8]) -> Vec<u8> {
    [mode.as_bytes(), b" ", blob.as_bytes(), b"\t", path, b"\0"].concat()
}

/// A path in a list that colons separate.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A directory that is removed when it is no longer needed.
struct ScratchDir(PathBuf);

impl ScratchDir {
    fn new() -> Result<Self, PublishError> {
        let dir = std::env::temp_dir().join(format!("tracing-failure-{}", record::time::new_id()));
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

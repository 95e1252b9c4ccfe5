//! Reads and writes trees of git without an index or a work tree.

use crate::error::PublishError;
use crate::git::{Git, path_of, split_nul};

/// A file in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The path relative to the root of the tree.
    pub(crate) path: Vec<u8>,
    pub(crate) mode: String,
    pub(crate) blob: String,
}

/// An item of a directory: a file, a directory, a link or a submodule.
#[derive(Clone, Debug)]
pub(crate) struct TreeItem {
    pub(crate) mode: String,
    kind: String,
    pub(crate) object: String,
    name: Vec<u8>,
}

/// Lists a directory of a tree.
fn list_tree(git: &Git, tree: &str) -> Result<Vec<TreeItem>, PublishError> {
    let text = git.read(&["ls-tree", "-z", "--full-tree", tree], Vec::new())?;
    Ok(split_nul(&text).filter_map(TreeItem::parse).collect())
}

/// Lists all files of a tree.
pub(crate) fn list_all(git: &Git, tree: &str) -> Result<Vec<Entry>, PublishError> {
    let text = git.read(&["ls-tree", "-r", "-z", "--full-tree", tree], Vec::new())?;
    let entry = |item: TreeItem| Entry { path: item.name, mode: item.mode, blob: item.object };
    Ok(split_nul(&text).filter_map(TreeItem::parse).map(entry).collect())
}

/// Lists the directory with this prefix. The list is empty if the tree lacks the directory.
pub(crate) fn list_dir(git: &Git, root: Option<&str>, prefix: &[u8]) -> Result<Vec<TreeItem>, PublishError> {
    let Some(root) = root else { return Ok(Vec::new()) };
    let mut items = list_tree(git, root)?;
    for name in prefix.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
        match items.into_iter().find(|item| item.name == name) {
            Some(item) if item.kind == "tree" => items = list_tree(git, &item.object)?,
            _ => return Ok(Vec::new()),
        }
    }
    Ok(items)
}

/// Adds files to a tree and returns the new tree.
pub(crate) fn with_entries(git: &Git, root: Option<&str>, entries: &[Entry]) -> Result<String, PublishError> {
    let entries: Vec<(&[u8], &Entry)> = entries.iter().map(|entry| (&entry.path[..], entry)).collect();
    tree_with(git, root, entries)
}

/// Adds files to a directory. The paths are relative to it.
fn tree_with(git: &Git, tree: Option<&str>, mut entries: Vec<(&[u8], &Entry)>) -> Result<String, PublishError> {
    let mut items: std::collections::BTreeMap<Vec<u8>, TreeItem> = std::collections::BTreeMap::new();
    if let Some(tree) = tree {
        items.extend(list_tree(git, tree)?.into_iter().map(|item| (item.name.clone(), item)));
    }
    entries.sort_by_key(|(path, _)| *path);
    for group in entries.chunk_by(|a, b| first_name(a.0) == first_name(b.0)) {
        let (path, entry) = group[0];
        let name = first_name(path);
        let is_file = name.len() == path.len();
        let there = items.get(name);
        if there.is_some_and(|item| (item.kind == "tree") == is_file) {
            let upto = entry.path.len() - path.len() + name.len();
            return Err(PublishError::FileInTheWay(path_of(&entry.path[..upto])));
        }
        let item = if is_file {
            TreeItem::new(&entry.mode, "blob", &entry.blob, name)
        } else {
            let below = group.iter().map(|(path, entry)| (&path[name.len() + 1..], *entry)).collect();
            TreeItem::new("040000", "tree", &tree_with(git, there.map(|item| item.object.as_str()), below)?, name)
        };
        items.insert(name.to_owned(), item);
    }
    let text: Vec<u8> = items.values().flat_map(TreeItem::line).collect();
    git.output_line(&["mktree", "-z", "--missing"], text)
}

fn first_name(path: &[u8]) -> &[u8] {
    path.split(|byte| *byte == b'/').next().unwrap_or(path)
}

impl TreeItem {
    fn new(mode: &str, kind: &str, object: &str, name: &[u8]) -> Self {
        TreeItem { mode: mode.to_owned(), kind: kind.to_owned(), object: object.to_owned(), name: name.to_owned() }
    }

    /// Returns true if the item is a regular file.
    pub(crate) fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }

    pub(crate) fn name(&self) -> Option<&str> {
        std::str::from_utf8(&self.name).ok()
    }

    /// `100644 blob 83baae…\tname`
    fn parse(line: &[u8]) -> Option<Self> {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
        Some(TreeItem::new(words.next()?, words.next()?, words.next()?, &line[tab + 1..]))
    }

    fn line(&self) -> Vec<u8> {
        [self.mode.as_bytes(), b" ", self.kind.as_bytes(), b" ", self.object.as_bytes(), b"\t", &self.name, b"\0"]
            .concat()
    }
}

/// Returns the regular files of tree `to` that `from` lacks or has with another content, everywhere or only in the
/// directory of records.
pub(crate) fn changed_files(git: &Git, from: &str, to: &str, everywhere: bool) -> Result<Vec<Entry>, PublishError> {
    let mut words = vec!["diff-tree", "-r", "-z", "--no-renames", from, to];
    if !everywhere {
        words.extend(["--", "."]);
    }
    let text = git.read(&words, Vec::new())?;
    let changes = parse_changes(&text).into_iter().flatten();
    Ok(changes.filter_map(Change::into_entry).collect())
}

/// A change of a file in a commit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    status: u8,
    entry: Entry,
}

impl Change {
    pub(crate) fn path(&self) -> &[u8] {
        &self.entry.path
    }

    /// Returns the new version of the file if it is a regular file.
    pub(crate) fn into_entry(self) -> Option<Entry> {
        let is_file = self.status != b'D' && self.entry.mode.starts_with("100");
        is_file.then_some(self.entry)
    }

    /// `:000000 100644 000000… 83baae… A`
    fn parse(words: &[u8], path: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(words).ok()?.split(' ').skip(1);
        let (mode, _, blob, status) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let entry = Entry { path: path.to_owned(), mode: mode.to_owned(), blob: blob.to_owned() };
        Some(Change { status: *status.as_bytes().first()?, entry })
    }
}

/// Parses the output of `diff-tree -z`: the changes before the first commit name, and those of each commit.
pub(crate) fn parse_changes(text: &[u8]) -> Vec<Vec<Change>> {
    let mut commits = vec![Vec::new()];
    let mut parts = split_nul(text);
    while let Some(part) = parts.next() {
        if !part.starts_with(b":") {
            commits.push(Vec::new());
        } else if let Some(change) = parts.next().and_then(|path| Change::parse(part, path))
            && let Some(commit) = commits.last_mut()
        {
            commit.push(change);
        }
    }
    commits
}

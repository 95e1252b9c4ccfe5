//! Trees of git, as they are without an index or a work tree.

use crate::error::PublishError;
use crate::git::{Git, path_of, split_nul};

/// A file in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Below the root of the tree.
    pub(crate) path: Vec<u8>,
    pub(crate) mode: String,
    pub(crate) blob: String,
}

/// What stands in one directory of a tree.
#[derive(Clone, Debug)]
pub(crate) struct TreeItem {
    pub(crate) mode: String,
    kind: String,
    pub(crate) object: String,
    name: Vec<u8>,
}

/// One directory of a tree.
fn list_tree(git: &Git, tree: &str) -> Result<Vec<TreeItem>, PublishError> {
    let text = git.read(&["ls-tree", "-z", "--full-tree", tree], Vec::new())?;
    Ok(split_nul(&text).filter_map(TreeItem::parse).collect())
}

/// All files of a tree.
pub(crate) fn list_all(git: &Git, tree: &str) -> Result<Vec<Entry>, PublishError> {
    let text = git.read(&["ls-tree", "-r", "-z", "--full-tree", tree], Vec::new())?;
    let entry = |item: TreeItem| Entry { path: item.name, mode: item.mode, blob: item.object };
    Ok(split_nul(&text).filter_map(TreeItem::parse).map(entry).collect())
}

/// The directory of this prefix in a tree; empty where there is none.
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

/// The tree with these files in it, and all else as it is.
pub(crate) fn with_entries(git: &Git, root: Option<&str>, entries: &[Entry]) -> Result<String, PublishError> {
    let entries: Vec<(&[u8], &Entry)> = entries.iter().map(|entry| (&entry.path[..], entry)).collect();
    tree_with(git, root, entries)
}

/// The same of a directory, with the entries by their paths below it.
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

    /// Whether it is an ordinary file, and no directory, link or submodule.
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

/// Files that one tree has and another has not, or has with other content: as they are in the second one. `below` is
/// where git was called, or everywhere.
pub(crate) fn changed(git: &Git, from: &str, to: &str, everywhere: bool) -> Result<Vec<Entry>, PublishError> {
    let mut words = vec!["diff-tree", "-r", "-z", "--no-renames", from, to];
    if !everywhere {
        words.extend(["--", "."]);
    }
    let text = git.read(&words, Vec::new())?;
    let changes = changes(&text).into_iter().flatten();
    Ok(changes.filter_map(Change::into_entry).collect())
}

/// A file that a commit touches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    status: u8,
    entry: Entry,
}

impl Change {
    pub(crate) fn path(&self) -> &[u8] {
        &self.entry.path
    }

    /// The file as it is afterwards, if it is an ordinary one.
    pub(crate) fn into_entry(self) -> Option<Entry> {
        Some(self.entry).filter(|entry| self.status != b'D' && entry.mode.starts_with("100"))
    }

    /// `:000000 100644 000000… 83baae… A`
    fn parse(words: &[u8], path: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(words).ok()?.split(' ').skip(1);
        let (mode, _, blob, status) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let entry = Entry { path: path.to_owned(), mode: mode.to_owned(), blob: blob.to_owned() };
        Some(Change { status: *status.as_bytes().first()?, entry })
    }
}

/// What `diff-tree -z` says: the changes before it names a commit, and those of each commit that it names.
pub(crate) fn changes(text: &[u8]) -> Vec<Vec<Change>> {
    let mut commits = vec![Vec::new()];
    let mut parts = split_nul(text);
    while let Some(part) = parts.next() {
        if !part.starts_with(b":") {
            commits.push(Vec::new());
        } else if let (Some(change), Some(commit)) =
            (parts.next().and_then(|path| Change::parse(part, path)), commits.last_mut())
        {
            commit.push(change);
        }
    }
    commits
}

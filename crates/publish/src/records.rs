//! Selects the records of the directory that a branch lacks.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::error::{PublishError, Secret};
use crate::git::{path_of, split_nul};
use crate::outcome::{Ignored, Skipped};
use crate::private_index::PrivateIndex;
use crate::repository::Repository;
use crate::reserved::ReservedRecords;
use crate::restore::restore_missing;
use crate::scan::{RecordContent, Scan};
use crate::tree::{Entry, TreeItem, list_dir};
use record::Store;
use record::internal::{copies, is_record_name, time_and_id_in};
use runtime::io_error::about;

/// Maximum size of a record.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The records that a branch lacks, and the files that are left out.
#[derive(Default)]
pub(crate) struct PushSelection {
    pub(crate) entries: Vec<Entry>,
    pub(crate) ignored: Vec<Ignored>,
    pub(crate) skipped: Vec<Skipped>,
    /// Values that look like secrets. Their records are left out.
    pub(crate) secrets: Vec<Secret>,
}

impl PushSelection {
    /// Removes the records that the user has reserved.
    fn remove_reserved(&mut self, reserved: &ReservedRecords) {
        let left = self.entries.iter().filter_map(|entry| Some((entry, reserved.reason(entry)?)));
        self.skipped.extend(left.map(|(entry, why)| Skipped::of(path_of(&entry.path), why)));
        self.entries.retain(|entry| reserved.reason(entry).is_none());
    }
}

impl Skipped {
    fn of(file: PathBuf, why: impl Into<String>) -> Self {
        Skipped { file, why: why.into(), copy_of: None }
    }

    fn copy(repository: &Repository, name: &str, original: &str) -> Self {
        let [file, original] = [name, original].map(|name| path_of(&repository.path_of(name)));
        let why = format!("it is a copy of {}", original.display());
        Skipped { file, why, copy_of: Some(original) }
    }
}

/// Selects the records that the target's tree lacks, or has with another content.
///
/// # Errors
///
/// Fails if git fails.
pub(crate) fn select(
    repository: &Repository,
    index: &PrivateIndex<'_>,
    scan: &mut Scan,
    target: Option<&str>,
    ignore_rules: bool,
) -> Result<PushSelection, PublishError> {
    let items = list_dir(&repository.git, target, &repository.prefix)?;
    let is_record = |item: &&TreeItem| item.is_file() && item.name().is_some_and(is_record_name);
    restore_missing(repository, &items.iter().filter(is_record).collect::<Vec<_>>())?;
    let target: HashMap<&str, &TreeItem> =
        items.iter().filter(|item| item.is_file()).filter_map(|item| Some((item.name()?, item))).collect();
    let (names, mut left_out) = list_candidates(repository)?;
    let known: Vec<&str> = names.iter().map(String::as_str).chain(target.keys().copied()).collect();
    let copies = copies(&known);
    let is_original = |name: &&str| !copies.contains_key(name);
    let mut names: Vec<&str> = names.iter().map(String::as_str).filter(is_original).collect();
    left_out.extend(copies.iter().map(|(name, original)| Skipped::copy(repository, name, original)));
    left_out.sort_by(|a, b| a.file.cmp(&b.file));
    let mut selection = PushSelection::default();
    if ignore_rules {
        let new: Vec<&str> = names.iter().copied().filter(|name| !target.contains_key(name)).collect();
        let (ignored, rules) = find_ignored(repository, &new)?;
        let unmerged = find_unmerged(repository)?;
        names.retain(|name| !ignored.contains(*name) && !unmerged.contains(name.as_bytes()));
        selection.ignored = rules;
    }
    let found = match find_differing(repository, index, scan, &names, &target) {
        // The index is damaged, or git has pruned its objects.
        Err(PublishError::Git { .. }) => {
            index.reset();
            find_differing(repository, index, scan, &names, &target)
        }
        found => found,
    };
    let found = found?;
    selection = PushSelection { ignored: selection.ignored, ..found };
    selection.skipped.extend(left_out);
    if ignore_rules {
        selection.remove_reserved(&ReservedRecords::read(&repository.git, &repository.head_or_empty()?)?);
    }
    Ok(selection)
}

/// Returns the files that differ from the target, and those that are left out.
fn find_differing(
    repository: &Repository,
    index: &PrivateIndex<'_>,
    scan: &mut Scan,
    names: &[&str],
    target: &HashMap<&str, &TreeItem>,
) -> Result<PushSelection, PublishError> {
    let unknown = index.changed_files(names, target)?;
    let originals = names_by_place(names.iter().copied().chain(target.keys().copied()));
    let (records, mut skipped, mut secrets) = classify(repository, scan, &unknown, &originals);
    index.add(&records)?;
    let files = skipped.iter().map(|skipped| &skipped.file).chain(secrets.iter().map(|secret| &secret.file));
    let left_out: HashSet<&Path> = files.map(|file| file.as_path()).collect();
    let wanted: HashSet<&str> = names.iter().copied().collect();
    let is_new = |name: &str, entry: &Entry| {
        target.get(name).is_none_or(|item| (&item.mode, &item.object) != (&entry.mode, &entry.blob))
    };
    let known = index.entries()?;
    let new = known.into_iter().filter(|(name, entry)| wanted.contains(name.as_str()) && is_new(name, entry));
    let mut entries: Vec<Entry> = new.map(|(_, entry)| entry).collect();
    entries.retain(|entry| !left_out.contains(path_of(&entry.path).as_path()));
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    // The blobs are checked rather than the files, which may have changed, or which a filter may have converted.
    scan.read(&index.git, &entries)?;
    let filtered = entries.iter().filter_map(|entry| Some((entry, scan.rejection(entry)?)));
    skipped.extend(filtered.map(|(entry, why)| Skipped::of(path_of(&entry.path), format!("for git, {why}"))));
    entries.retain(|entry| scan.rejection(entry).is_none());
    secrets.extend(scan.take_secrets(&mut entries));
    Ok(PushSelection { entries, skipped, secrets, ..PushSelection::default() })
}

/// Returns the names of files that may be records, and files that only look like records.
fn list_candidates(repository: &Repository) -> Result<(Vec<String>, Vec<Skipped>), PublishError> {
    let dir = &repository.dir;
    let failed = |error| PublishError::Io(about(dir, "cannot list", error));
    let (mut names, mut skipped) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !is_record_name(&name) {
            continue;
        }
        let reason = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => "it is a symbolic link, and only regular files are published",
            Ok(kind) if !kind.is_file() => continue,
            _ if name.contains(char::is_control) => "its name has control characters: rename it",
            _ if entry.file_name().to_str().is_none() => "its name is not UTF-8: rename it",
            Ok(_) => {
                names.push(name);
                continue;
            }
            Err(_) => continue,
        };
        skipped.push(Skipped::of(path_of(&repository.prefix).join(entry.file_name()), reason));
    }
    names.sort_unstable();
    Ok((names, skipped))
}

/// Maps the time and the id in a name to the name, for names that a store creates.
fn names_by_place<'n>(names: impl Iterator<Item = &'n str>) -> HashMap<&'n str, &'n str> {
    let records = names.filter(|name| Store::is_record_file_name(name));
    records.filter_map(|name| Some((time_and_id_in(name)?, name))).collect()
}

/// Separates the files into records without secrets, skipped files with reasons, and secrets of the other records.
fn classify<'a>(
    repository: &Repository,
    scan: &Scan,
    names: &'a [String],
    originals: &HashMap<&str, &str>,
) -> (Vec<&'a str>, Vec<Skipped>, Vec<Secret>) {
    let (mut records, mut skipped, mut secrets): (Vec<&str>, Vec<Skipped>, Vec<Secret>) = Default::default();
    for name in names {
        let path = repository.path_of(name);
        match read(&repository.dir.join(name)) {
            Ok(Some(RecordContent { place: Some(place), .. }))
                if originals.get(&*place).is_some_and(|original| original != name) =>
            {
                skipped.push(Skipped::copy(repository, name, originals[&*place]));
            }
            Ok(Some(read)) => {
                let found = scan.secrets_in(&path, &read.secrets);
                if found.is_empty() {
                    records.push(name);
                }
                secrets.extend(found);
            }
            // The file was deleted meanwhile.
            Ok(None) => {}
            Err(why) => skipped.push(Skipped::of(path_of(&path), why)),
        }
    }
    (records, skipped, secrets)
}

fn read(path: &Path) -> Result<Option<RecordContent>, String> {
    let too_large = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > MAX_FILE_BYTES);
    if too_large {
        return Err(format!("it is larger than {} MB", MAX_FILE_BYTES >> 20));
    }
    match std::fs::read(path) {
        Ok(bytes) => RecordContent::from_bytes(&bytes).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}

/// Returns the files that are ignored, and the rules that ignore them.
fn find_ignored(repository: &Repository, names: &[&str]) -> Result<(HashSet<String>, Vec<Ignored>), PublishError> {
    if names.is_empty() {
        return Ok(Default::default());
    }
    // `check-ignore` does not support literal pathspecs. The `./` prevents a leading colon from being special.
    let input = names.iter().flat_map(|name| [b"./", name.as_bytes(), b"\0"].concat()).collect();
    let git = repository.git.with_variable("GIT_LITERAL_PATHSPECS", "0");
    let output = git.run(&["check-ignore", "-z", "-v", "--stdin"], input)?;
    // Exit code 1 means that no file is ignored.
    if !output.succeeded && output.code != Some(1) {
        return Err(output.into_error());
    }
    let (mut ignored, mut rules) = (HashSet::new(), BTreeMap::new());
    let fields: Vec<_> = output.stdout.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    for [file, line, rule, name] in fields.as_chunks::<4>().0 {
        // The last matching rule may be a negative one, which includes the file.
        let name = name.strip_prefix("./").unwrap_or(name);
        if !rule.starts_with('!') && ignored.insert(name.to_owned()) {
            *rules.entry(format!("{file}:{line}: {rule}")).or_insert(0) += 1;
        }
    }
    Ok((ignored, rules.into_iter().map(|(rule, records)| Ignored { rule, records }).collect()))
}

/// Returns the files with unresolved conflicts.
fn find_unmerged(repository: &Repository) -> Result<HashSet<Vec<u8>>, PublishError> {
    let text = repository.git.read(&["ls-files", "-u", "-z", "--", "."], Vec::new())?;
    let name = |line: &[u8]| line.splitn(2, |byte| *byte == b'\t').nth(1).map(<[u8]>::to_vec);
    Ok(split_nul(&text).filter_map(name).collect())
}

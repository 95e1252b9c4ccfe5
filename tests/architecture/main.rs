//! The direction of data flow, as dependencies and imports show it.
//!
//! Cargo keeps the packages apart. Inside a package, every import has to go downwards: no two files import each other,
//! directly or through others, and the folders of `src` know those below them only. A submodule may use its parent
//! module or be used by it, but not both.

mod holes;
mod imports;
mod packages;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::imports::{Imports, Package};
use crate::packages::PACKAGES;

/// The parts of `src`, from the facts that are observed to the ways in which a program uses the library. A part imports
/// from the same part and from earlier ones.
const LAYERS: &[&[&str]] = &[
    &["check"],
    &["observe"],
    &["log"],
    &["recorder"],
    &["layer"],
    &["error_source", "init_error"],
    &["attribute", "computation_handle", "ensure", "logger", "result_ext", "success", "trail_event"],
    &["arrays", "sweep"],
    &["guard"],
    &["builder"],
];

/// Files of `src` that only re-export or document.
const FACADES: &[&str] = &["lib.rs", "book.rs", "publish.rs", "record.rs"];

/// The files outside `src/observe/trail` that the trail uses. They do not use `tracing` either.
const BELOW_THE_TRAIL: &[&str] = &["observe/clock.rs", "observe/hash.rs", "observe/span_stack.rs"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The directories of source files of the Cargo workspace.
fn source_directories() -> impl Iterator<Item = PathBuf> {
    PACKAGES.iter().map(|(name, _)| match *name {
        "" => PathBuf::from("src"),
        name => Path::new("crates").join(name).join("src"),
    })
}

#[test]
fn parts_of_src_import_from_earlier_parts() {
    let wrong = wrong_layers(&Package::read(&root().join("src")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn wrong_layers(package: &Package) -> Vec<String> {
    let rank = |file: &str| LAYERS.iter().position(|parts| parts.contains(&folder(file)));
    let is_unknown = |file: &&str| rank(file).is_none() && !FACADES.contains(file);
    let unknown = package.files().into_iter().filter(is_unknown).map(|file| format!("{file} is in no part"));
    let imports = package.imports().into_iter();
    let upwards = imports.filter(|(from, to)| matches!((rank(from), rank(to)), (Some(from), Some(to)) if from < to));
    unknown.chain(upwards.map(|(from, to)| format!("{from} imports {to}"))).collect()
}

/// The Python package uses the trail as well.
#[test]
fn the_trail_does_not_know_tracing() {
    let package = Package::read(&root().join("src"));
    assert!(package.files().contains("observe/trail/lane.rs"));
    let wrong = wrong_uses_of_the_trail(&package);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn wrong_uses_of_the_trail(package: &Package) -> Imports {
    let is_known = |file: &str| file.starts_with("observe/trail/") || BELOW_THE_TRAIL.contains(&file);
    let imports = package.imports().into_iter().filter(|(_, to)| !is_known(to));
    let crates = package.crates().into_iter().filter(|(_, name)| name.starts_with("tracing"));
    imports.chain(crates).filter(|(from, _)| is_known(from)).collect()
}

#[test]
fn no_files_import_each_other() {
    for directory in source_directories().chain([PathBuf::from("python/src")]) {
        let package = Package::read(&root().join(&directory));
        let imports = package.imports();
        assert!(package.files().len() == 1 || !imports.is_empty(), "{}", directory.display());
        let between_folders = imports.iter().map(|(from, to)| (folder(from).to_owned(), folder(to).to_owned()));
        for cycle in [cycle_in(&imports), cycle_in(&between_folders.filter(|(from, to)| from != to).collect())] {
            assert!(cycle.is_empty(), "{}: {}", directory.display(), cycle.join(" imports "));
        }
    }
}

#[test]
fn names_of_types_are_unique() {
    let packages = source_directories().map(|directory| (Package::read(&root().join(&directory)), directory));
    let packages: Vec<_> = packages.collect();
    let files = packages.iter().flat_map(|(package, directory)| {
        package.types().map(move |(name, file)| (name.to_owned(), directory.join(file).display().to_string()))
    });
    let duplicates = duplicates(files.collect());
    assert!(duplicates.is_empty(), "{duplicates:#?}");
}

/// The names of types that several files define.
fn duplicates(types: BTreeSet<(String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut files_of = BTreeMap::<String, Vec<String>>::new();
    for (name, file) in types {
        files_of.entry(name).or_default().push(file);
    }
    files_of.retain(|_, files| files.len() > 1);
    files_of
}

fn folder(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// A path of imports that ends where it began.
fn cycle_in(imports: &BTreeSet<(String, String)>) -> Vec<String> {
    let next =
        |file: &str| -> Vec<&String> { imports.iter().filter(|(from, _)| from == file).map(|(_, to)| to).collect() };
    let mut done = BTreeSet::new();
    for (start, _) in imports {
        let mut path = vec![start.clone()];
        let mut open = vec![next(start)];
        while let Some(candidates) = open.last_mut() {
            let Some(file) = candidates.pop() else {
                open.pop();
                done.insert(path.pop().unwrap());
                continue;
            };
            if let Some(first) = path.iter().position(|known| known == file) {
                return [&path[first..], std::slice::from_ref(file)].concat();
            }
            if !done.contains(file) {
                path.push(file.clone());
                open.push(next(file));
            }
        }
    }
    Vec::new()
}

//! The imports between the files of a package, resolved as the compiler resolves them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::source::{Module, ModulePath, Use, read_modules};

/// Re-exports and glob imports that lead to other re-exports are followed up to this number.
const MAX_HOPS: usize = 6;

/// Pairs of a file and a file or crate that it imports.
pub(crate) type Imports = BTreeSet<(String, String)>;

/// The modules of a package that it has outside tests.
pub(crate) struct Package {
    modules: BTreeMap<ModulePath, Module>,
}

/// The place that a path leads to.
#[derive(Clone)]
struct Target {
    place: Place,
    /// The modules whose re-exports or imports the path passes through.
    through: Vec<ModulePath>,
}

#[derive(Clone)]
enum Place {
    Module(ModulePath),
    Crate(String),
}

impl Package {
    /// Reads the source files in a directory.
    pub(crate) fn read(directory: &Path) -> Self {
        let mut sources = BTreeMap::new();
        let mut directories = vec![directory.to_owned()];
        while let Some(next) = directories.pop() {
            for entry in std::fs::read_dir(&next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.strip_prefix(directory).unwrap().to_str().unwrap().replace('\\', "/");
                    sources.insert(name, std::fs::read_to_string(&path).unwrap());
                }
            }
        }
        Self::of(&sources)
    }

    /// Takes source files by their paths.
    pub(crate) fn of(sources: &BTreeMap<String, String>) -> Self {
        Self { modules: read_modules(sources) }
    }

    pub(crate) fn files(&self) -> BTreeSet<&str> {
        self.modules.values().map(|module| &*module.file).collect()
    }

    /// Each file with each of the files whose items it uses.
    ///
    /// An item belongs to the file that defines it. A file that names it through a re-export, also one of the crate's
    /// root, therefore imports the defining file. The re-exporting file counts as well, unless it re-exports its own
    /// submodules. Such re-exports are no imports of the submodules either: they are the facade of a module.
    pub(crate) fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, file, used) in self.uses() {
            for target in self.targets_of(module, used) {
                let Place::Module(place) = &target.place else {
                    imports.extend(target.through.iter().map(|through| (file.to_owned(), self.file(through))));
                    continue;
                };
                let through = target.through.iter().filter(|through| !self.contains(through, place));
                imports.extend(through.map(|through| (file.to_owned(), self.file(through))));
                if !(used.is_reexport && self.contains(module, place)) {
                    imports.insert((file.to_owned(), self.file(place)));
                }
            }
        }
        imports.retain(|(from, to)| from != to);
        imports
    }

    /// Each file with each of the other crates that it uses.
    pub(crate) fn crates(&self) -> Imports {
        let mut crates = Imports::new();
        for (module, file, used) in self.uses() {
            for target in self.targets_of(module, used) {
                if let Place::Crate(name) = target.place {
                    crates.insert((file.to_owned(), name));
                }
            }
        }
        crates
    }

    /// The names of the types with the files that define them.
    pub(crate) fn types(&self) -> impl Iterator<Item = (&str, &str)> {
        self.modules.values().flat_map(|module| module.types.iter().map(|name| (&**name, &*module.file)))
    }

    fn uses(&self) -> impl Iterator<Item = (&ModulePath, &str, &Use)> {
        self.modules.iter().flat_map(|(path, module)| module.uses.iter().map(move |used| (path, &*module.file, used)))
    }

    fn file(&self, module: &[String]) -> String {
        self.modules[module].file.clone()
    }

    /// Returns true if a module belongs to the file of another one, or to a submodule of this file.
    fn contains(&self, outer: &[String], inner: &[String]) -> bool {
        let file = &self.modules[outer].file;
        let is_same_file = |length: &usize| self.modules[&outer[..*length]].file == *file;
        let of_file = (0..=outer.len()).find(is_same_file).unwrap();
        inner.starts_with(&outer[..of_file])
    }

    fn targets_of(&self, module: &[String], used: &Use) -> Vec<Target> {
        let [name] = &*used.path else { return self.targets(module, &used.path, MAX_HOPS) };
        if used.is_import {
            return self.targets(module, &used.path, MAX_HOPS);
        }
        // A single name in code can be a local variable. Imports of the module already count where they are written.
        self.glob_targets(module, std::slice::from_ref(name), MAX_HOPS)
    }

    /// Resolves as much of a path as the source shows. Macros may generate the rest.
    fn targets(&self, module: &[String], path: &[String], hops: usize) -> Vec<Target> {
        let mut lengths = (1..=path.len()).rev();
        let found = lengths.find_map(|length| {
            let targets = self.resolve(module, &path[..length], hops);
            (!targets.is_empty()).then_some(targets)
        });
        let name = path.iter().find(|segment| !segment.is_empty());
        let external = || Target { place: Place::Crate(name.cloned().unwrap_or_default()), through: Vec::new() };
        found.unwrap_or_else(|| vec![external()])
    }

    fn resolve(&self, module: &[String], path: &[String], hops: usize) -> Vec<Target> {
        match &*path[0] {
            "" => self.renamed_crate(&path[1..], hops),
            "crate" => self.walk(&[], &path[1..], hops),
            "self" => self.walk(module, &path[1..], hops),
            "super" => {
                let parent = &module[..module.len().saturating_sub(1)];
                match path.get(1).map(String::as_str) {
                    Some("super") => self.resolve(parent, &path[1..], hops),
                    _ => self.walk(parent, &path[1..], hops),
                }
            }
            _ => match self.walk(module, path, hops) {
                targets if targets.is_empty() => self.renamed_crate(path, hops),
                targets => targets,
            },
        }
    }

    /// Resolves a path that begins with a name that the root gives to a crate.
    fn renamed_crate(&self, path: &[String], hops: usize) -> Vec<Target> {
        let Some((name, rest)) = path.split_first() else { return Vec::new() };
        let crates = &self.modules[[].as_slice()].crates;
        match (crates.get(name), hops.checked_sub(1)) {
            (Some(path), Some(hops)) => self.targets(&[], &[&**path, rest].concat(), hops),
            _ => Vec::new(),
        }
    }

    /// Follows the names of a path, which begins in a module.
    fn walk(&self, module: &[String], path: &[String], hops: usize) -> Vec<Target> {
        let Some((name, rest)) = path.split_first() else {
            return vec![Target { place: Place::Module(module.to_owned()), through: Vec::new() }];
        };
        let Some(hops) = hops.checked_sub(1) else { return Vec::new() };
        let mut targets = Vec::new();
        let child = [module, std::slice::from_ref(name)].concat();
        if self.modules.contains_key(&child) {
            targets.extend(self.walk(&child, rest, hops + 1));
        }
        // A module, a function and a type may have the same name.
        if !targets.is_empty() && !rest.is_empty() {
            return targets;
        }
        let here = &self.modules[module];
        for alias in here.aliases.get(name).into_iter().flatten() {
            targets.extend(self.through(module, &[&**alias, rest].concat(), hops));
        }
        if here.items.contains(name) {
            targets.push(Target { place: Place::Module(module.to_owned()), through: Vec::new() });
        }
        if targets.is_empty() { self.glob_targets(module, path, hops) } else { targets }
    }

    fn through(&self, module: &[String], path: &[String], hops: usize) -> Vec<Target> {
        let mut targets = self.targets(module, path, hops);
        for target in &mut targets {
            target.through.push(module.to_owned());
        }
        targets
    }

    /// Resolves a path that begins with a name of a glob import.
    fn glob_targets(&self, module: &[String], path: &[String], hops: usize) -> Vec<Target> {
        let Some(hops) = hops.checked_sub(1) else { return Vec::new() };
        let mut targets = Vec::new();
        for glob in &self.modules[module].globs {
            for source in self.targets(module, glob, hops) {
                if let Place::Module(source) = source.place
                    && source != module
                {
                    targets.extend(self.walk(&source, path, hops));
                }
            }
        }
        targets
    }
}

//! The direction of data flow, as imports show it.
//!
//! Cargo keeps the packages apart. Inside a package, every import has to go downwards: no two files import each other,
//! directly or through others, and the folders of `src` know those below them only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages of the workspace, and those that each may depend on.
const PACKAGES: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("runtime", &["text"]),
    ("record", &["runtime", "text"]),
    ("diagnose", &["record", "runtime", "text"]),
    ("publish", &["record", "runtime", "text"]),
    ("advice", &["diagnose", "record", "text"]),
    ("cli", &["advice", "diagnose", "publish", "record", "text"]),
    ("", &["diagnose", "publish", "record", "runtime", "text"]),
];

/// The parts of `src`, from the facts that are observed to the ways in which a program uses the library. A part imports
/// from the same part and from earlier ones.
const LAYERS: &[&[&str]] = &[
    &["observe"],
    &["log"],
    &["recorder"],
    &["layer"],
    &["error_source", "init_error"],
    &["logger", "result_ext", "success"],
    &["guard"],
    &["builder"],
];

/// Packages that a program has to link only to record failures, not to read them.
const RECORDING: &[&str] = &["backtrace", "bytemuck", "tracing", "tracing-error", "tracing-subscriber"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).current_dir(root()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn short_name(package: &str) -> Option<&str> {
    package.strip_prefix("tracing-failure").map(|rest| rest.trim_start_matches('-'))
}

#[test]
fn packages_depend_on_those_below_them() {
    let metadata = cargo(&["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    // Packages with tests alone are not published.
    let is_published = |package: &&serde_json::Value| package["publish"] != serde_json::json!([]);
    let packages: Vec<_> = metadata["packages"].as_array().unwrap().iter().filter(is_published).collect();
    assert_eq!(packages.len(), PACKAGES.len());
    for package in packages {
        let name = short_name(package["name"].as_str().unwrap()).unwrap();
        let (_, allowed) = PACKAGES.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is new"));
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let normal = dependencies.filter(|dependency| dependency["kind"].is_null());
        let internal = normal.filter_map(|dependency| short_name(dependency["name"].as_str().unwrap()));
        let wrong: Vec<_> = internal.filter(|dependency| !allowed.contains(dependency)).collect();
        assert!(wrong.is_empty(), "{name} depends on {wrong:?}");
    }
}

#[test]
fn readers_of_records_do_not_link_the_recorder() {
    for package in ["tracing-failure-cli", "tracing-failure-advice", "tracing-failure-publish"] {
        let tree = cargo(&["tree", "--offline", "--package", package, "--edges", "normal", "--prefix", "none"]);
        let linked: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(linked.contains("tracing-failure-record"), "{tree}");
        let wrong: Vec<_> = RECORDING.iter().filter(|name| linked.contains(*name)).collect();
        assert!(wrong.is_empty(), "{package} links {wrong:?}");
    }
}

#[test]
fn parts_of_src_import_from_earlier_parts() {
    let rank = |file: &str| {
        let part = file.split(['/', '.']).next().unwrap().to_owned();
        LAYERS.iter().position(|parts| parts.contains(&&*part))
    };
    let mut wrong = Vec::new();
    for (file, imported) in Files::of(&root().join("src")).imports() {
        match (rank(&file), rank(&imported)) {
            (Some(from), Some(to)) if from < to => wrong.push(format!("{file} imports {imported}")),
            (None, _) if !["lib.rs", "book.rs", "publish.rs", "record.rs"].contains(&&*file) => {
                wrong.push(format!("{file} is in no part"));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The Python package uses the trail as well.
#[test]
fn the_trail_does_not_know_tracing() {
    let files = Files::of(&root().join("src/observe/trail"));
    let users: Vec<&String> =
        files.0.iter().filter(|(_, text)| text.contains("tracing::")).map(|(file, _)| file).collect();
    assert!(files.0.contains_key("lane.rs") && users.is_empty(), "{users:?}");
}

#[test]
fn no_files_import_each_other() {
    let packages = PACKAGES.iter().map(|(name, _)| match *name {
        "" => root().join("src"),
        name => root().join("crates").join(name).join("src"),
    });
    for directory in packages.chain([root().join("python/src")]) {
        let files = Files::of(&directory);
        let imports = files.imports();
        assert!(files.0.len() == 1 || !imports.is_empty(), "{}", directory.display());
        let folder = |file: &str| file.split(['/', '.']).next().unwrap_or_default().to_owned();
        let between_folders =
            imports.iter().map(|(from, to)| (folder(from), folder(to))).filter(|(from, to)| from != to);
        for cycle in [cycle_in(&imports), cycle_in(&between_folders.collect())] {
            assert!(cycle.is_empty(), "{}: {}", directory.display(), cycle.join(" imports "));
        }
    }
}

/// The source files of a package by their paths.
struct Files(BTreeMap<String, String>);

impl Files {
    fn of(directory: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut directories = vec![directory.to_owned()];
        while let Some(next) = directories.pop() {
            for entry in std::fs::read_dir(&next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.strip_prefix(directory).unwrap().to_str().unwrap().replace('\\', "/");
                    files.insert(name, std::fs::read_to_string(&path).unwrap());
                }
            }
        }
        let mut files = Files(files);
        for name in files.test_modules() {
            files.0.remove(&name);
        }
        files
    }

    /// The files of modules that only tests have.
    fn test_modules(&self) -> Vec<String> {
        let declared = |file: &String, text: &String| {
            let names = text.split("#[cfg(test)]\nmod ").skip(1).filter_map(|rest| rest.split_once([';', ' ']));
            let modules = names.map(|(name, _)| [module_of(file), vec![name.to_owned()]].concat());
            modules.filter_map(|module| self.file_of_module(&module)).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(|(file, text)| declared(file, text)).collect()
    }

    /// Each file with each of the files whose items it uses. Tests do not count, nor re-exports, nor the items of the
    /// module that a file is a part of.
    fn imports(&self) -> BTreeSet<(String, String)> {
        let mut imports = BTreeSet::new();
        for (file, text) in &self.0 {
            for path in used_paths(text) {
                if let Some(target) = self.file_of(file, &path)
                    && !module_of(file).starts_with(&module_of(&target))
                {
                    imports.insert((file.clone(), target));
                }
            }
        }
        imports
    }

    /// The file that defines the first item of a path that is used in another file.
    fn file_of(&self, file: &str, path: &str) -> Option<String> {
        let mut module = module_of(file);
        let mut segments = path.split("::").peekable();
        match segments.next()? {
            "crate" => module.clear(),
            "self" => {}
            "super" => drop(module.pop()),
            child if self.file_of_module(&[module.clone(), vec![child.to_owned()]].concat()).is_some() => {
                module.push(child.to_owned());
            }
            _ => return None,
        }
        while segments.next_if_eq(&"super").is_some() {
            module.pop();
        }
        for segment in segments {
            let inner = [module.clone(), vec![segment.to_owned()]].concat();
            if self.file_of_module(&inner).is_none() {
                break;
            }
            module = inner;
        }
        self.file_of_module(&module)
    }

    fn file_of_module(&self, module: &[String]) -> Option<String> {
        let path = module.join("/");
        let names = if module.is_empty() {
            vec!["lib.rs".to_owned(), "main.rs".to_owned()]
        } else {
            vec![format!("{path}.rs"), format!("{path}/mod.rs")]
        };
        names.into_iter().find(|name| self.0.contains_key(name))
    }
}

fn module_of(file: &str) -> Vec<String> {
    let path = PathBuf::from(file).with_extension("");
    let mut module: Vec<String> = path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

/// The paths that a file uses: in its imports, and those that begin with `crate` or `super` in its code.
fn used_paths(text: &str) -> Vec<String> {
    let code: Vec<&str> = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let mut paths = Vec::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find("use ") {
        let before = rest[..at].rsplit('\n').next().unwrap_or_default().trim();
        rest = &rest[at + 4..];
        let Some(end) = rest.find(';') else { break };
        if before.is_empty() {
            expand("", &rest[..end].replace(char::is_whitespace, " "), &mut paths);
        }
    }
    for start in ["crate::", "super::"] {
        let mut rest = code.as_str();
        while let Some(at) = rest.find(start) {
            let is_start = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$');
            let path: String =
                rest[at..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
            let before = rest[..at].rsplit('\n').next().unwrap_or_default();
            if is_start && !before.contains("use ") && !before.contains("pub(in") {
                paths.push(path.trim_end_matches(':').to_owned());
            }
            rest = &rest[at + start.len()..];
        }
    }
    paths
}

/// Writes `a::{b, c::d}` as `a::b` and `a::c::d`.
fn expand(prefix: &str, import: &str, paths: &mut Vec<String>) {
    let import = import.trim();
    let Some((path, group)) = import.split_once('{') else {
        paths.push(format!("{prefix}{}", import.split(" as ").next().unwrap().trim()));
        return;
    };
    let prefix = format!("{prefix}{}", path.trim());
    let (mut depth, mut start) = (0, 0);
    let group = &group[..group.rfind('}').unwrap()];
    for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !group[start..at].trim().is_empty() {
                    expand(&prefix, &group[start..at], paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
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

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let files = Files(
        [
            ("lib.rs", "mod a;\nmod b;\npub use a::Thing;\n"),
            ("a/mod.rs", "mod inner;\nuse inner::Other;\npub struct Thing;\n"),
            ("a/inner.rs", "use super::Thing;\nuse crate::b::{self, c::{D, E as F}};\n"),
            (
                "b.rs",
                "// use crate::a::Thing;\nfn f() { crate::a::inner::g() }\n#[cfg(test)]\nmod tests { use crate::c; }\n",
            ),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into(),
    );
    let expected = [("a/inner.rs", "b.rs"), ("a/mod.rs", "a/inner.rs"), ("b.rs", "a/inner.rs")];
    let imports = files.imports();
    assert_eq!(imports, expected.map(|(from, to)| (from.to_owned(), to.to_owned())).into());
    assert_eq!(cycle_in(&imports), ["a/inner.rs", "b.rs", "a/inner.rs"]);
}

//! The packages that are published: licences, metadata, and the files that each of them contains.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];
/// Keywords and categories that crates.io accepts for a package.
const MAX_TAGS: usize = 5;

fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(args).arg("--offline").current_dir(ROOT).stdin(Stdio::null()).stderr(Stdio::null());
    cargo
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// The metadata of each package of the workspace that may be published.
fn published() -> Vec<Value> {
    let metadata = stdout(&mut cargo(&["metadata", "--no-deps", "--format-version=1"]));
    let mut metadata: Value = serde_json::from_str(&metadata).unwrap();
    let Value::Array(packages) = metadata["packages"].take() else { panic!("cargo metadata lists no packages") };
    packages.into_iter().filter(|package| package["publish"] != serde_json::json!([])).collect()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

/// The directory of a package.
fn dir(package: &Value) -> &Path {
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap()
}

fn is_expected(file: &str) -> bool {
    let is_at_root = !file.contains('/');
    file.starts_with("src/")
        || file.starts_with("examples/")
        || is_at_root && (file.starts_with("Cargo.") || file.starts_with("LICENSE-") || file.ends_with(".schema.json"))
        || ["README.md", "CHANGELOG.md", ".cargo_vcs_info.json"].contains(&file)
}

#[test]
fn each_package_has_the_licence_files_of_the_project() {
    for package in published() {
        for licence in LICENCES {
            let text = |dir: &Path| std::fs::read_to_string(dir.join(licence)).unwrap_or_default();
            assert!(text(dir(&package)) == text(Path::new(ROOT)), "{}: copy {licence} from the root", name(&package));
        }
    }
}

#[test]
fn each_package_has_the_metadata_that_crates_io_shows() {
    for package in published() {
        let is_text = |key: &str| package[key].as_str().is_some_and(|text| !text.is_empty());
        for key in ["description", "license", "readme", "rust_version"] {
            assert!(is_text(key), "{}: {key} is missing", name(&package));
        }
        for key in ["keywords", "categories"] {
            let count = package[key].as_array().map_or(0, Vec::len);
            assert!((1..=MAX_TAGS).contains(&count), "{}: {count} {key}", name(&package));
        }
        let readme = dir(&package).join(package["readme"].as_str().unwrap());
        assert!(readme.is_file(), "{}: {} does not exist", name(&package), readme.display());
    }
}

/// The address is in `[workspace.package]`; RELEASING.md names the other places.
#[test]
fn all_packages_name_the_same_repository() {
    let packages = published();
    let repository = &packages.iter().find(|package| name(package) == env!("CARGO_PKG_NAME")).unwrap()["repository"];
    for package in &packages {
        assert_eq!(&package["repository"], repository, "{}: repository.workspace = true is missing", name(package));
    }
    if let Some(address) = repository.as_str().filter(|address| !address.is_empty()) {
        let python = std::fs::read_to_string(Path::new(ROOT).join("python/pyproject.toml")).unwrap();
        assert!(python.contains(&format!("\"{address}\"")), "python/pyproject.toml does not name {address}");
        let readme = std::fs::read_to_string(Path::new(ROOT).join("python/README.md")).unwrap();
        assert!(!readme.contains("]: ../"), "python/README.md: begin the links at its end with {address}");
    }
}

#[test]
fn each_package_contains_only_its_sources() {
    let list = |package: &Value| {
        let mut command = cargo(&["package", "--list", "--allow-dirty", "--package", name(package)]);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let packages = published();
    let lists: Vec<_> = packages.iter().map(list).collect();
    for (package, list) in packages.iter().zip(lists) {
        let output = list.wait_with_output().unwrap();
        assert!(output.status.success(), "cargo package --list --package {}: {}", name(package), output.status);
        let files = String::from_utf8(output.stdout).unwrap();
        // Windows separates directories by backslashes.
        let files: Vec<String> = files.lines().map(|file| file.replace('\\', "/")).collect();
        let unexpected: Vec<_> = files.iter().filter(|file| !is_expected(file)).collect();
        assert!(unexpected.is_empty(), "{} contains {unexpected:?}", name(package));
        for file in LICENCES.into_iter().chain(["README.md"]) {
            assert!(files.iter().any(|packaged| packaged == file), "{} lacks {file}", name(package));
        }
    }
}

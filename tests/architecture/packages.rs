//! The direction of dependencies between packages.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::root;

/// The packages of the workspace, and those that each may depend on.
pub(crate) const PACKAGES: &[(&str, &[&str])] = &[
    ("macros", &[]),
    ("text", &[]),
    ("runtime", &["text"]),
    ("record", &["runtime", "text"]),
    ("region", &["record", "runtime", "text"]),
    ("diagnose", &["record", "region", "runtime", "text"]),
    ("publish", &["record", "runtime", "text"]),
    ("advice", &["diagnose", "record", "text"]),
    ("bucket", &["text"]),
    ("corpus", &["record", "region", "runtime", "text"]),
    ("export", &["bucket", "corpus", "record", "region", "runtime", "text"]),
    ("report", &["corpus", "record", "text"]),
    ("cli", &["advice", "corpus", "diagnose", "export", "publish", "record", "report", "text"]),
    ("", &["diagnose", "macros", "publish", "record", "region", "runtime", "text"]),
];

/// The Python package uses the public API of the root package, reads the corpus, and asks language models.
const PYTHON: (&str, &[&str]) = ("python", &["", "advice", "corpus"]);

/// Packages that a program has to link only to record failures, not to read them.
const RECORDING: &[&str] = &["backtrace", "bytemuck", "tracing", "tracing-error", "tracing-subscriber"];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).current_dir(root()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages of the workspace that a manifest belongs to.
fn packages_of(manifest: &str) -> Vec<Value> {
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path", manifest];
    let mut metadata: Value = serde_json::from_str(&cargo(&arguments)).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

fn short_name(package: &str) -> Option<&str> {
    match package.strip_prefix("tracing-failure")? {
        "" => Some(""),
        rest => rest.strip_prefix('-'),
    }
}

/// The dependencies of a package on packages of the project that it may not have.
///
/// Tests may also use the root package, because examples in the documentation are written for its users. Such a
/// dependency has no version: Cargo omits it from the published package, which is published before the root package.
fn wrong_dependencies(package: &Value, allowed: &[(&str, &[&str])]) -> Vec<String> {
    let name = short_name(package["name"].as_str().unwrap()).unwrap();
    let (_, allowed) = allowed.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is new"));
    let mut wrong = Vec::new();
    for dependency in package["dependencies"].as_array().unwrap() {
        let Some(to) = short_name(dependency["name"].as_str().unwrap()) else { continue };
        let is_for_examples = dependency["kind"] == "dev" && to.is_empty() && dependency["req"] == "*";
        if !allowed.contains(&to) && !is_for_examples {
            wrong.push(format!("'{name}' depends on '{to}'"));
        }
    }
    wrong
}

#[test]
fn packages_depend_on_those_below_them() {
    // Packages with tests alone are not published.
    let mut packages = packages_of("Cargo.toml");
    packages.retain(|package| package["publish"] != json!([]));
    assert_eq!(packages.len(), PACKAGES.len());
    let wrong: Vec<_> = packages.iter().flat_map(|package| wrong_dependencies(package, PACKAGES)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_python_package_uses_the_root_package_and_advice() {
    let [package] = &*packages_of("python/Cargo.toml") else { panic!("one package") };
    assert_eq!(wrong_dependencies(package, &[PYTHON]), Vec::<String>::new());
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
fn dependencies_of_every_kind_count() {
    let package = |kind: Value, to: &str, req: &str| {
        let dependency = json!({ "name": to, "kind": kind, "req": req });
        json!({ "name": "tracing-failure-text", "dependencies": [dependency] })
    };
    let is_wrong = |kind: Value, to: &str, req: &str| !wrong_dependencies(&package(kind, to, req), PACKAGES).is_empty();

    for kind in [json!(null), json!("build"), json!("dev")] {
        assert!(is_wrong(kind.clone(), "tracing-failure-record", "*"), "{kind}");
        assert!(!is_wrong(kind.clone(), "unicode-width", "^0.2"), "{kind}");
    }
    assert!(is_wrong(json!(null), "tracing-failure", "*"));
    assert!(is_wrong(json!("build"), "tracing-failure", "*"));
    assert!(is_wrong(json!("dev"), "tracing-failure", "^0.1.0"));
    assert!(!is_wrong(json!("dev"), "tracing-failure", "*"));
}

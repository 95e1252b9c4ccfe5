//! How often something is taken for a secret that is none.
//!
//! `cargo test -p tracing-failure --test secrets false_positives -- --nocapture` prints the numbers. With
//! `SECRETS_CORPUS=DIR`, it also reads the records and logs (`*.json`, `*.jsonl`) below a directory.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value as Json;
use tracing_failure::record::redact_text;

/// Generated texts.
const GENERATED: usize = 5_000;

/// One false positive in so many values is accepted.
const VALUES_PER_FALSE_POSITIVE: usize = 10_000;

#[derive(Default)]
struct Count {
    values: usize,
    redacted: Vec<String>,
}

impl Count {
    fn text(&mut self, text: &str) {
        self.values += 1;
        let clean = redact_text(text);
        if clean != text {
            self.redacted.push(format!("{text}\n  {clean}"));
        }
    }

    fn json(&mut self, value: &Json) {
        match value {
            Json::String(text) => self.text(text),
            Json::Array(list) => list.iter().for_each(|value| self.json(value)),
            Json::Object(map) => map.iter().for_each(|(key, value)| {
                self.text(key);
                self.json(value);
            }),
            _ => self.values += 1,
        }
    }

    fn file(&mut self, path: &Path) {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => serde_json::from_str(&text).iter().for_each(|json| self.json(json)),
            Some("jsonl") => {
                text.lines().filter_map(|line| serde_json::from_str(line).ok()).for_each(|json: Json| self.json(&json))
            }
            _ => text.lines().for_each(|line| self.text(line)),
        }
    }
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Texts as numerical programs write them.
fn numerics() -> impl Strategy<Value = String> {
    let name = prop::sample::select(
        &[
            "residual",
            "beta",
            "dt",
            "rtol",
            "norm",
            "iteration",
            "eos_token",
            "n_tokens",
            "key_dim",
            "token",
            "auth",
            "path",
            "author",
            "pass",
            "keyframe",
            "primary_key",
            "tokens_per_sec",
            "pattern",
            "λ_max",
            "passes",
            "monkey",
            "signature",
            "credit",
            "cookies_eaten",
        ][..],
    );
    let number = prop_oneof![
        any::<f64>().prop_map(|x| format!("{x:e}")),
        any::<i64>().prop_map(|n| n.to_string()),
        Just("NaN".to_owned())
    ];
    let words = prop::sample::select(
        &[
            "did not converge",
            "is singular at",
            "exceeds the limit",
            "the token is missing",
            "unexpected token",
            "authorization failed",
            "passed the check",
            "no key",
            "key error:",
            "the password is wrong",
            "keys:",
            "secretary problem",
            "accessing",
            "with author",
        ][..],
    );
    let place = prop_oneof![
        "(/[a-z_][a-z0-9_.-]{0,16}){1,6}:[0-9]{1,4}",
        "[0-9a-f]{40}",
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "h[0-9a-f]{16}",
        "tcp://10\\.0\\.0\\.[0-9]{1,3}:[0-9]{2,5}",
        "(ucx|ipc|mpi)://rank[0-9]:mlx5_[0-9]@node[0-9]{1,3}",
        "[A-Z][a-z]{2,9}(::[A-Z][a-z]{2,9}){0,3}",
        "https://example\\.org/[a-z]{1,9}\\?page=[0-9]{1,3}&[a-z]{1,5}=[0-9]{1,4}",
        "[A-Z]{4,30}",
        "[a-z]+_[a-z]+_[0-9]{1,3}(_[a-z]+){0,4}",
        "0x[0-9a-f]{4,12}",
        "[A-Z][a-z]+[A-Z][a-z]+[0-9]D[A-Z][a-z]+",
    ];
    (name, prop::sample::select(&["=", ": ", " = ", "=%", " "][..]), number, words, place).prop_map(
        |(name, mark, number, words, place)| format!("{words} {name}{mark}{number} at {place} ({name}{mark}{number})"),
    )
}

#[test]
fn false_positives_are_rare() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("docs/src/diagnosis.md")];
    ["crates/cli/tests/data", "tests/data", "examples", "tests/corpus/src"]
        .iter()
        .for_each(|dir| files(&root.join(dir), &mut paths));
    std::env::var_os("SECRETS_CORPUS").iter().for_each(|dir| files(Path::new(dir), &mut paths));
    let mut count = Count::default();
    paths.iter().for_each(|path| count.file(path));
    let stored = count.values;
    let mut runner = TestRunner::deterministic();
    (0..GENERATED).for_each(|_| count.text(&numerics().new_tree(&mut runner).unwrap().current()));
    println!(
        "{} of {} values are taken for secrets: {stored} from files, {GENERATED} generated",
        count.redacted.len(),
        count.values
    );
    assert!(stored > 2_000, "{stored}");
    assert!(count.redacted.len() * VALUES_PER_FALSE_POSITIVE <= count.values, "{}", count.redacted.join("\n"));
}

//! Corpora of real files.

mod files;
mod lines;
mod options;
mod records;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tempfile::{TempDir, tempdir};
use tracing_failure::Failure;
use tracing_failure_corpus::{Cell, Corpus, CorpusError, ReadOptions};

fn read(dirs: &[&Path]) -> Result<Corpus, CorpusError> {
    read_with(dirs, &ReadOptions::default())
}

fn read_with(dirs: &[&Path], options: &ReadOptions) -> Result<Corpus, CorpusError> {
    let dirs: Vec<PathBuf> = dirs.iter().map(|dir| (*dir).to_owned()).collect();
    Corpus::read(&dirs, options, &mut |_| ControlFlow::Continue(()))
}

/// Writes a file below a directory, and the directories above it.
fn write(dir: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

/// Returns a closing line with its newline.
fn line(parameters: &str, outcome: &str, more: &str) -> String {
    let start =
        r#"{"timestamp":"2025-12-27T04:30:00.000Z","level":"INFO","target":"sweep","message":"computation closed""#;
    let computation = r#""computation":"flow","theoretical_ref":"Eq. 1.12","parameters":"#;
    let end = format!(r#""outcome":"{outcome}","duration_s":0.5,"session_id":"s1"{more}"#);
    format!("{start},{computation}{{{parameters}}},{end}}}\n")
}

fn corpus_of(lines: &str) -> (TempDir, Corpus) {
    let dir = tempdir().unwrap();
    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", lines);
    let corpus = read(&[dir.path()]).unwrap();
    (dir, corpus)
}

/// The values of a parameter of the computation `flow`.
fn cells<'a>(corpus: &'a Corpus, name: &str) -> Vec<Cell<'a>> {
    corpus.table("flow").unwrap().parameter(name).unwrap().cells().collect()
}

fn failure(id: &str, computation: &str) -> Failure {
    let json = serde_json::json!({
        "timestamp": "2025-12-27T04:30:00.000Z",
        "computation": computation,
        "theoretical_ref": "Eq. 1.12",
        "error_type": "Diverged",
        "error_message": "pole",
        "parameters": {"mu": 41.0, "opts": {"tol": 1e-6}},
        "stack_trace": "",
        "context": {
            "id": id, "session_id": "s1", "category": "panic", "fingerprint": "f00d", "elapsed_s": 2.5, "rank": 3,
            "process": {"pid": 1, "host": "n01"},
            "build": {"git_commit": "abc"},
            "trail": [{
                "message": "step", "seen": 3, "dropped": 1, "head": 1, "elapsed_s": [0.5, 1.5],
                "columns": {"norm": [1.0, 4.0], "x": [null, 2.0]},
            }],
            "convergence": [{"trail": 0, "column": "norm", "behaviour": "geometric_growth", "rate": 3.5, "rows": 2}],
        },
        "suggested_fixes": [],
    });
    Failure::from_json(&json.to_string()).unwrap()
}

const ID: &str = "01a21351-ff9b-736d-ac9d-0e7e3264969e";

const OTHER_ID: &str = "01a21351-ff9b-736d-ac9d-0e7e3264969f";

//! The command, run as a user would, over a copy of the records in `tests/data`.
#![allow(dead_code, unreachable_pub)]

pub mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use record::{Failure, Store};

/// A temporary directory in which the command runs.
pub struct Workspace(tempfile::TempDir);

impl Workspace {
    /// An empty directory.
    pub fn empty() -> Self {
        Workspace(tempfile::tempdir().unwrap())
    }

    /// A directory with the records and logs of `tests/data`.
    pub fn with_data() -> Self {
        let workspace = Self::empty();
        copy_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), workspace.dir());
        workspace
    }

    pub fn dir(&self) -> &Path {
        self.0.path()
    }

    pub fn failures(&self) -> PathBuf {
        self.dir().join("io/failures")
    }

    /// Writes a record, and returns its file.
    pub fn record(&self, failure: &Failure) -> PathBuf {
        Store::open(self.failures()).unwrap().write(failure).unwrap()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_failures"));
        command.args(args).current_dir(self.dir()).env("TZ", "UTC");
        for name in ["TRACING_FAILURE_DIR", "NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "COLUMNS"] {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        Run(self.command(args).output().unwrap())
    }

    /// The transcript of a command line.
    pub fn transcript_of(&self, line: &str) -> String {
        self.run(&line.split_whitespace().collect::<Vec<_>>()).transcript()
    }

    /// The number of records.
    pub fn records(&self) -> usize {
        Store::open(self.failures()).unwrap().paths().unwrap().len()
    }

    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.failures()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The result of a command.
pub struct Run(pub Output);

impl Run {
    pub fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    pub fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    /// Standard output, followed by standard error and the exit code unless they are empty or zero.
    pub fn transcript(&self) -> String {
        let mut transcript = self.stdout();
        if !self.0.stderr.is_empty() {
            transcript.push_str(&format!("-- stderr\n{}", self.stderr()));
        }
        if self.code() != 0 {
            transcript.push_str(&format!("-- exit code {}\n", self.code()));
        }
        transcript
    }
}

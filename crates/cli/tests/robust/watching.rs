//! `failures watch` prints each failure once, whatever happens to its file.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use record::Failure;

use crate::failure;
use crate::support::Workspace;

/// A running `failures watch` and its messages.
struct Watch {
    child: Child,
    messages: Receiver<String>,
}

impl Watch {
    fn begin(workspace: &Workspace, args: &[&str]) -> Self {
        let mut command = workspace.command(&[&["watch", "--jsonl"], args].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let mut first_line = String::new();
        BufReader::new(stderr).read_line(&mut first_line).unwrap();
        assert!(first_line.starts_with("watching"), "{first_line}");
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(Failure::from_json(&line).unwrap().error_message);
            }
        });
        Watch { child, messages }
    }

    fn next(&self) -> String {
        self.messages.recv_timeout(Duration::from_secs(60)).expect("nothing was reported")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_renamed_failure_is_reported_once() {
    let workspace = Workspace::empty();
    let old = workspace.record(&failure("old"));
    let watch = Watch::begin(&workspace, &[]);
    let path = workspace.record(&failure("first"));
    assert_eq!(watch.next(), "first");
    std::fs::rename(&path, path.with_file_name("renamed.json")).unwrap();
    std::fs::rename(&old, old.with_file_name("also_renamed.json")).unwrap();
    std::fs::copy(path.with_file_name("renamed.json"), workspace.failures().join("copy.json")).unwrap();
    // Files with other names come last.
    for message in ["second", "third"] {
        workspace.record(&failure(message));
        assert_eq!(watch.next(), message);
    }
}

#[test]
fn a_record_that_replaces_another_is_reported() {
    let workspace = Workspace::empty();
    let path = workspace.record(&failure("first"));
    let watch = Watch::begin(&workspace, &[]);
    let other = workspace.dir().join("other.json");
    std::fs::write(&other, failure("second").to_json()).unwrap();
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(watch.next(), "second");
    std::fs::write(&path, failure("third").to_json()).unwrap();
    assert_eq!(watch.next(), "third");
}

#[test]
fn a_record_that_is_amended_is_not_reported_again() {
    let workspace = Workspace::empty();
    let watch = Watch::begin(&workspace, &[]);
    let path = workspace.record(&failure("first"));
    assert_eq!(watch.next(), "first");
    assert_eq!(workspace.run(&["resolve", path.to_str().unwrap(), "--fix", "damped"]).code(), 0);
    workspace.record(&failure("second"));
    assert_eq!(watch.next(), "second");
}

#[test]
fn a_directory_that_is_created_later_is_found() {
    let workspace = Workspace::empty();
    let io = workspace.dir().join("io");
    let watch = Watch::begin(&workspace, &["--dir", io.to_str().unwrap()]);
    std::fs::create_dir_all(&io).unwrap();
    std::fs::write(io.join("general_1.json"), failure("beside").to_json()).unwrap();
    assert_eq!(watch.next(), "beside");
    workspace.record(&failure("inside"));
    assert_eq!(watch.next(), "inside");
}

//! What the command does to files, pipes and directories.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use support::Place;
use tracing_failure::{Failure, Store};

fn failure(message: &str) -> Failure {
    let mut failure = Failure::new("rg_flow_integration", "Eq. 1.12", "Diverged", message);
    failure.context.id = Some(uuid::Uuid::now_v7());
    failure
}

#[test]
fn the_nearest_directory_above_is_found_and_none_is_made() {
    let place = Place::with_data();
    let deep = place.dir().join("src/solvers");
    std::fs::create_dir_all(&deep).unwrap();
    let from = |dir: &Path| place.command(&["list"]).current_dir(dir).output().unwrap();
    assert_eq!(from(&deep).stdout, from(place.dir()).stdout);

    let empty = Place::empty();
    let run = empty.run(&["list"]);
    assert_eq!(run.code(), 1);
    assert!(run.stderr().contains("no io/failures in "), "{}", run.stderr());
    let run = empty.run(&["list", "--dir", "nowhere"]);
    assert!(run.stderr().contains("there is no directory nowhere"), "{}", run.stderr());
    assert_eq!(std::fs::read_dir(empty.dir()).unwrap().count(), 0);
}

#[test]
fn the_directory_comes_from_the_option_then_from_the_environment() {
    let (there, elsewhere, here) = (Place::with_data(), Place::empty(), Place::empty());
    elsewhere.record(&failure("elsewhere"));
    let list = |words: &[&str]| {
        let mut command = here.command(words);
        command.env("TRACING_FAILURE_DIR", elsewhere.failures());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(list(&["list"]).contains("elsewhere"));
    // The directory around it will do as well, and the option may stand before the command.
    let io = there.dir().join("io");
    for dir in [io.to_str().unwrap(), there.failures().to_str().unwrap()] {
        assert!(list(&["--dir", dir, "list"]).contains("multigrid_solve"));
        assert!(list(&["list", "--dir", dir]).contains("multigrid_solve"));
    }
}

#[test]
fn colours_are_for_terminals_unless_they_are_asked_for() {
    let place = Place::with_data();
    for command in ["list", "show", "groups", "refs", "logs --session night-run-7", "validate"] {
        let words: Vec<&str> = command.split(' ').collect();
        assert!(!place.run(&words).stdout().contains('\u{1b}'), "{command}");
    }
    assert!(place.run(&["list", "--color", "always"]).stdout().contains("\u{1b}[31m"));
    let forced = place.command(&["list"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(forced.stdout.contains(&0x1b));
    let refused = place.command(&["list", "--color", "never"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!refused.stdout.contains(&0x1b));
}

#[test]
fn a_pipe_that_closes_early_ends_it_quietly() {
    let place = Place::empty();
    let store = Store::open(place.failures()).unwrap();
    for _ in 0..200 {
        store.write(&failure(&"long ".repeat(1000))).unwrap();
    }
    for words in [&["list", "--jsonl"][..], &["list", "--json"], &["list", "--limit", "0"]] {
        let mut command = place.command(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut some = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{words:?}");
    }
}

#[test]
fn json_lines_are_the_records_newest_first() {
    let place = Place::with_data();
    let lines = place.run(&["list", "--jsonl"]).stdout();
    let mut expected: Vec<Failure> =
        Store::open(place.failures()).unwrap().read_all().unwrap().map(|failure| failure.unwrap()).collect();
    expected.sort_by_key(|failure| std::cmp::Reverse(failure.timestamp));
    let expected: Vec<String> = expected.iter().map(Failure::to_json_line).collect();
    assert!(lines.lines().eq(&expected));
    let array = |words| -> Vec<Failure> { serde_json::from_str(&place.run(words).stdout()).unwrap() };
    let again = |failures: Vec<Failure>| failures.iter().map(Failure::to_json_line).collect::<Vec<_>>();
    assert!(again(array(&["list", "--json"])) == expected);
    assert!(again(array(&["list", "--json", "-n", "2"])) == expected[..2]);
}

#[test]
fn a_failure_is_counted_over_the_whole_directory() {
    let place = Place::empty();
    let store = Store::open(place.failures()).unwrap();
    for step in 0..1000 {
        store.write(&failure(&format!("stopped at step {}", 1000 + step))).unwrap();
    }
    let list = place.run(&["list", "--error", "step 1007"]).stdout();
    let row: Vec<&str> = list.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[row.len() - 2], "1000", "{list}");
    let groups: serde_json::Value = serde_json::from_str(&place.run(&["groups", "--json"]).stdout()).unwrap();
    assert_eq!((groups.as_array().unwrap().len(), &groups[0]["count"]), (1, &1000.into()));
}

#[test]
fn broken_files_are_left_out_and_named() {
    let place = Place::with_data();
    std::fs::write(place.failures().join("general_broken.json"), "{").unwrap();
    let all = Place::with_data().run(&["list"]).stdout();
    let run = place.run(&["list"]);
    assert_eq!(run.stdout(), all);
    assert!(run.stderr().contains("1 file left out, e.g. io/failures/general_broken.json: "), "{}", run.stderr());
}

#[test]
fn problems_are_found_where_they_are() {
    let place = Place::with_data();
    let record = include_str!("data/io/failures/general_20251227_042931.json");
    let broken: [(&str, Vec<u8>); 10] = [
        ("a_key_too_many", record.replace("\"context\": {}", "\"context\": {},\n  \"cell\": 7").into()),
        ("a_missing_key", record.replace("  \"suggested_fixes\": []\n", "  \"suggested\": []\n").into()),
        ("category", record.replace("\"context\": {}", "\"context\": {\"category\": \"bad luck\"}").into()),
        ("cut", record[..200].into()),
        ("day", record.replace("2025-12-27", "2025-02-30").into()),
        ("inside", record.replace("\"context\": {}", "\"context\": {\"location\": {\n \"line\": \"4\"}}").into()),
        ("latin", record.replace("Test reference", "\u{1}").bytes().map(|b| if b == 1 { 0xa7 } else { b }).collect()),
        ("nan", record.replace("\"params\"", "NaN").into()),
        ("twice", record.replace("\"context\": {}", "\"context\": {}, \"context\": {}").into()),
        ("type", record.replace("\"test_computation\"", "[1, 2]").into()),
    ];
    for (name, bytes) in &broken {
        std::fs::write(place.failures().join(format!("general_{name}.json")), bytes).unwrap();
    }
    insta::assert_snapshot!(place.see("validate"));
    let lines = place.run(&["validate", "--jsonl"]).stdout();
    let first: serde_json::Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&first["line"], &first["pointer"]), (&12.into(), &"/suggested".into()));
    let run = place.run(&["validate", "io/failures/general_20251227_042931.json", "io/failures/absent.json"]);
    assert_eq!(run.code(), 1);
    assert!(run.stdout().starts_with("io/failures/absent.json: cannot be read: "), "{}", run.stdout());
}

#[test]
fn pruning_deletes_records_and_nothing_else() {
    let place = Place::with_data();
    for foreign in ["notes.json", "general_20200101T000000.000Z_notes.json", "data.csv", "latest.json"] {
        std::fs::write(place.failures().join(foreign), "{}").unwrap();
    }
    let id = uuid::Uuid::now_v7();
    std::fs::write(place.failures().join(format!("general_20200101T000000.000Z_{id}.json")), "{}").unwrap();
    let before = place.files();
    let doomed = "rg_flow_20261125T205117.704Z_01a2147a-205e-7231-acfe-82109c0a52a8.json";

    let dry = place.run(&["prune", "--keep-last", "0"]);
    assert_eq!(dry.stdout(), format!("io/failures/{doomed}\n"));
    assert_eq!(place.files(), before);

    let run = place.run(&["prune", "--keep-last", "0", "--yes"]);
    assert_eq!((run.code(), run.stdout()), (0, dry.stdout()));
    let expected: Vec<String> = before.into_iter().filter(|name| name != doomed).collect();
    assert_eq!(place.files(), expected);
}

#[test]
fn what_prints_scripts_prints_them() {
    let place = Place::empty();
    assert_eq!(place.run(&["schema"]).stdout(), tracing_failure::SCHEMA);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&["completions", shell]).stdout();
        assert!(script.contains("validate") && script.contains("failures"), "{shell}");
    }
}

/// A `failures watch`, ended with the test.
struct Watch {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Watch {
    /// Returns when it watches.
    fn begin(place: &Place, words: &[&str]) -> Self {
        let mut command = place.command(&[&["watch", "--dir", "io/failures"], words].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.starts_with("watching "), "{first}");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Watch { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn new_failures_are_told_as_they_come() {
    let place = Place::with_data();
    let mut watch = Watch::begin(&place, &[]);
    place.record(&failure("first"));
    assert!(watch.line().ends_with("rg_flow_integration failed, by Eq. 1.12"));
    assert_eq!(watch.line(), "  Diverged: first");
    assert!(watch.line().contains("failures show "));
    place.record(&failure("second"));
    watch.line();
    assert_eq!(watch.line(), "  Diverged: second");
}

#[test]
fn a_watch_may_begin_before_there_is_anything_and_end_by_itself() {
    let place = Place::empty();
    let mut watch = Watch::begin(&place, &["--jsonl", "-n", "2", "--where", ".error_message != \"unwanted\""]);
    for message in ["first", "unwanted", "second"] {
        place.record(&failure(message));
    }
    for message in ["first", "second"] {
        assert_eq!(Failure::from_json(&watch.line()).unwrap().error_message, message);
    }
    assert!(watch.lines.next().is_none());
    assert!(watch.child.wait().unwrap().success());
}

#[test]
fn a_watch_goes_on_when_its_directory_is_a_new_one() {
    let place = Place::with_data();
    let mut watch = Watch::begin(&place, &["--jsonl"]);
    std::fs::remove_dir_all(place.failures()).unwrap();
    for message in ["first", "second"] {
        place.record(&failure(message));
        assert_eq!(Failure::from_json(&watch.line()).unwrap().error_message, message);
    }
}

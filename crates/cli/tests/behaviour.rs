//! The command with files, pipes and directories.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use record::{Failure, Store};
use serde_json::Value as Json;
use support::{Run, Workspace};

fn failure(message: &str) -> Failure {
    let mut failure = Failure::new("rg_flow_integration", "Eq. 1.12", "Diverged", message);
    failure.context.id = Some(uuid::Uuid::now_v7());
    failure
}

fn failure_at(milli: u32) -> Failure {
    let mut failure = failure("many");
    failure.timestamp = format!("2020-01-01T00:00:00.{milli:03}Z").parse().unwrap();
    failure
}

#[test]
fn the_directory_itself_is_found_from_inside() {
    let workspace = Workspace::with_data();
    let run = Run(workspace.command(&["list"]).current_dir(workspace.failures()).output().unwrap());
    assert!(run.code() == 0 && run.stdout().contains("rg_flow_integration"), "{}", run.transcript());
}

#[test]
fn the_nearest_parent_directory_is_found_and_none_is_created() {
    let workspace = Workspace::with_data();
    let deep = workspace.dir().join("src/solvers");
    std::fs::create_dir_all(&deep).unwrap();
    let from = |dir: &Path| workspace.command(&["list"]).current_dir(dir).output().unwrap();
    assert_eq!(from(&deep).stdout, from(workspace.dir()).stdout);

    let empty = Workspace::empty();
    let run = empty.run(&["list"]);
    assert_eq!(run.code(), 1);
    assert!(run.stderr().contains("no io/failures in "), "{}", run.stderr());
    let run = empty.run(&["list", "--dir", "nowhere"]);
    assert!(run.stderr().contains("no such directory: nowhere"), "{}", run.stderr());
    assert_eq!(std::fs::read_dir(empty.dir()).unwrap().count(), 0);
}

#[test]
fn the_directory_comes_from_the_option_then_from_the_environment() {
    let (there, elsewhere, here) = (Workspace::with_data(), Workspace::empty(), Workspace::empty());
    elsewhere.record(&failure("elsewhere"));
    let list = |args: &[&str]| {
        let mut command = here.command(args);
        command.env("TRACING_FAILURE_DIR", elsewhere.failures());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(list(&["list"]).contains("elsewhere"));
    // The parent directory also works, and the option may stand before the command.
    let io = there.dir().join("io");
    for dir in [io.to_str().unwrap(), there.failures().to_str().unwrap()] {
        assert!(list(&["--dir", dir, "list"]).contains("multigrid_solve"));
        assert!(list(&["list", "--dir", dir]).contains("multigrid_solve"));
    }
}

#[test]
fn colours_are_for_terminals_unless_requested() {
    let workspace = Workspace::with_data();
    for command in ["list", "show", "groups", "refs", "logs --session night-run-7", "validate"] {
        let args: Vec<&str> = command.split(' ').collect();
        assert!(!workspace.run(&args).stdout().contains('\u{1b}'), "{command}");
    }
    assert!(workspace.run(&["list", "--color", "always"]).stdout().contains("\u{1b}[31m"));
    let forced = workspace.command(&["list"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(forced.stdout.contains(&0x1b));
    let refused = workspace.command(&["list", "--color", "never"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!refused.stdout.contains(&0x1b));
    let forced = |no_color: &str, force: &str| {
        let mut command = workspace.command(&["list"]);
        let output = command.env("NO_COLOR", no_color).env("CLICOLOR_FORCE", force).output().unwrap();
        output.stdout.contains(&0x1b)
    };
    // An empty variable counts as unset.
    assert!(forced("", "1") && !forced("1", "1") && !forced("", ""));
}

#[test]
fn a_pipe_that_closes_early_ends_it_quietly() {
    let workspace = Workspace::empty();
    let store = Store::open(workspace.failures()).unwrap();
    for _ in 0..200 {
        store.write(&failure(&"long ".repeat(1000))).unwrap();
    }
    for args in [&["list", "--jsonl"][..], &["list", "--json"], &["list", "--limit", "0"]] {
        let mut command = workspace.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut some = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
    }
}

#[test]
fn json_lines_are_all_records_newest_first() {
    let workspace = Workspace::with_data();
    let texts =
        workspace.files().into_iter().map(|name| std::fs::read_to_string(workspace.failures().join(name)).unwrap());
    let mut expected: Vec<Json> = texts.map(|text| serde_json::from_str(&text).unwrap()).collect();
    expected.sort_by_key(|record| std::cmp::Reverse(record["timestamp"].as_str().unwrap().to_owned()));
    let lines = workspace.run(&["list", "--jsonl"]).stdout();
    assert_eq!(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Json>>(), expected);
    // Microseconds are kept, although the library's reader drops them.
    assert!(lines.contains(r#""timestamp":"2025-12-27T04:29:31.756454+00:00""#), "{lines}");
    let small = |milli: u32| workspace.record(&failure_at(milli));
    (0..300).for_each(|milli| drop(small(milli)));
    let many = workspace.run(&["list", "--jsonl", "--error", "many"]).stdout();
    let times: Vec<&str> = many.lines().map(|line| &line[14..38]).collect();
    assert!(times.len() == 300 && times.is_sorted_by(|a, b| a > b), "{times:?}");

    let array = |args| -> Vec<Json> { serde_json::from_str(&workspace.run(args).stdout()).unwrap() };
    assert_eq!(array(&["list", "--json", "--since", "2021-01-01"]), expected);
    assert_eq!(array(&["list", "--json", "-n", "2"]), expected[..2]);
    let one: Json = serde_json::from_str(&workspace.run(&["show", "--json", "latest~6"]).stdout()).unwrap();
    assert_eq!(one, expected[6]);
}

#[test]
fn a_failure_is_counted_over_the_whole_directory() {
    let workspace = Workspace::empty();
    let store = Store::open(workspace.failures()).unwrap();
    for step in 0..1000 {
        store.write(&failure(&format!("stopped at step {}", 1000 + step))).unwrap();
    }
    let list = workspace.run(&["list", "--error", "step 1007"]).stdout();
    let row: Vec<&str> = list.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[row.len() - 2], "1000", "{list}");
    let groups: Json = serde_json::from_str(&workspace.run(&["groups", "--json"]).stdout()).unwrap();
    assert_eq!((groups.as_array().unwrap().len(), &groups[0]["count"]), (1, &1000.into()));
}

#[test]
fn groups_show_first_and_last_and_are_sorted_by_the_newest() {
    let workspace = Workspace::empty();
    for milli in 0..100 {
        let mut failure = failure_at(milli);
        let names = if milli == 99 { ["b", "a"] } else { ["a", "b"] };
        names.into_iter().for_each(|name| failure.parameters.insert(name, milli));
        workspace.record(&failure);
    }
    let groups: Json = serde_json::from_str(&workspace.run(&["groups", "--json"]).stdout()).unwrap();
    assert_eq!(groups[0]["first"], "2020-01-01T00:00:00Z");
    assert_eq!(groups[0]["last"], "2020-01-01T00:00:00.099Z");
    let varies = "varies  b 0 … 99 (16 and more values), a 0 … 99 (16 and more values)";
    assert!(workspace.run(&["groups"]).stdout().contains(varies));
}

#[test]
fn references_are_in_the_order_of_their_numbers() {
    let workspace = Workspace::empty();
    for reference in ["Eq. 10", "Eq. 2"] {
        workspace.record(&Failure::new("c", reference, "E", "m"));
    }
    let refs: Json = serde_json::from_str(&workspace.run(&["refs", "--json"]).stdout()).unwrap();
    assert_eq!((&refs[0]["theoretical_ref"], &refs[1]["theoretical_ref"]), (&"Eq. 2".into(), &"Eq. 10".into()));
}

#[test]
fn a_day_counts_to_its_end() {
    let workspace = Workspace::with_data();
    let until = |when| workspace.run(&["list", "--jsonl", "--until", when]).stdout().lines().count();
    assert_eq!((until("2026-11-25"), until("2026-11-24"), until("2026-11-25 20:51")), (7, 1, 6));
}

#[test]
fn the_copy_of_the_newest_is_checked_as_well() {
    let workspace = Workspace::with_data();
    std::fs::write(workspace.failures().join("latest.json"), "{").unwrap();
    let run = workspace.run(&["validate"]);
    assert!(
        run.code() == 1 && run.stdout().starts_with("io/failures/latest.json:1:1: not JSON"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_session_id_that_is_a_prefix_of_another_selects_its_session() {
    let workspace = Workspace::with_data();
    let log = |name: &str| workspace.dir().join(format!("io/logs/runtime_20261125_{name}_0000.jsonl"));
    let text = std::fs::read_to_string(log("night-run-7")).unwrap();
    std::fs::write(log("night-run-70"), text.replace("night-run-7", "night-run-70")).unwrap();
    assert_eq!(workspace.run(&["logs", "--session", "night-run-7"]).code(), 0);
    let run = workspace.run(&["logs", "--session", "night-run"]);
    assert!(run.code() == 1 && run.stderr().contains("several sessions match"), "{}", run.transcript());
}

#[test]
fn broken_files_are_left_out_and_named() {
    let workspace = Workspace::with_data();
    std::fs::write(workspace.failures().join("general_broken.json"), "{").unwrap();
    let all = Workspace::with_data().run(&["list"]).stdout();
    let run = workspace.run(&["list"]);
    assert_eq!(run.stdout(), all);
    assert!(run.stderr().contains("1 file skipped: io/failures/general_broken.json: "), "{}", run.stderr());
}

#[test]
fn a_record_as_python_writes_it_is_read_and_is_not_valid() {
    let workspace = Workspace::empty();
    std::fs::create_dir_all(workspace.failures()).unwrap();
    let record =
        include_str!("data/io/failures/general_20251227_042931.json").replace("\"params\"", "[NaN, -Infinity]");
    std::fs::write(workspace.failures().join("general_20260101_000000.json"), record).unwrap();
    assert!(workspace.run(&["show"]).stdout().contains("\n  test  [NaN, -Infinity]\n"));
    assert!(workspace.run(&["list", "--where", ".parameters.test[0] | isnan"]).stdout().contains("test_computation"));
    let line: Json = serde_json::from_str(&workspace.run(&["list", "--jsonl"]).stdout()).unwrap();
    assert_eq!(line["parameters"]["test"], serde_json::json!(["NaN", "-Infinity"]));
    let run = workspace.run(&["validate"]);
    assert_eq!(run.code(), 1);
    assert!(run.stdout().contains(":8:14: not JSON: NaN is not a JSON number"), "{}", run.stdout());
}

#[test]
fn problems_are_found_where_they_are() {
    let workspace = Workspace::with_data();
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
        std::fs::write(workspace.failures().join(format!("general_{name}.json")), bytes).unwrap();
    }
    insta::assert_snapshot!(workspace.transcript_of("validate"));
    let lines = workspace.run(&["validate", "--jsonl"]).stdout();
    let first: Json = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&first["line"], &first["pointer"]), (&12.into(), &"/suggested".into()));
    let run = workspace.run(&["validate", "io/failures/general_20251227_042931.json", "io/failures/absent.json"]);
    assert_eq!(run.code(), 1);
    assert!(run.stdout().starts_with("io/failures/absent.json: cannot be read: "), "{}", run.stdout());
}

#[test]
fn pruning_deletes_only_records() {
    let workspace = Workspace::with_data();
    for foreign in ["notes.json", "general_20200101T000000.000Z_notes.json", "data.csv", "latest.json"] {
        std::fs::write(workspace.failures().join(foreign), "{}").unwrap();
    }
    // A second record of a group, but with a user's file name.
    let record =
        include_str!("data/io/failures/rg_flow_20261125T205117.704Z_01a2147a-205e-7231-acfe-82109c0a52a8.json");
    std::fs::write(workspace.failures().join("kept.json"), record).unwrap();
    let id = uuid::Uuid::now_v7();
    std::fs::write(workspace.failures().join(format!("general_20200101T000000.000Z_{id}.json")), "{}").unwrap();
    let before = workspace.files();
    let doomed = "rg_flow_20261125T205117.704Z_01a2147a-205e-7231-acfe-82109c0a52a8.json";

    let dry = workspace.run(&["prune", "--keep-last", "0"]);
    assert_eq!(dry.stdout(), format!("io/failures/{doomed}\n"));
    assert_eq!(workspace.files(), before);

    let run = workspace.run(&["prune", "--keep-last", "0", "--yes"]);
    // Files that are not records are skipped.
    assert_eq!((run.code(), run.stdout()), (1, dry.stdout()));
    let expected: Vec<String> = before.into_iter().filter(|name| name != doomed).collect();
    assert_eq!(workspace.files(), expected);
}

#[test]
fn completions_and_schema_are_printed() {
    let workspace = Workspace::empty();
    assert_eq!(workspace.run(&["schema"]).stdout(), record::SCHEMA);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = workspace.run(&["completions", shell]).stdout();
        assert!(script.contains("validate") && script.contains("failures"), "{shell}");
    }
}

#[test]
fn pruning_keeps_the_newest_and_incomplete_records() {
    let workspace = Workspace::empty();
    let store = Store::open(workspace.failures()).unwrap();
    let mut record = failure("pole");
    record.context.fingerprint = Some(record.fingerprint().into_owned());
    let mut write = |_| {
        record.context.id = Some(uuid::Uuid::now_v7());
        record.timestamp += std::time::Duration::from_secs(1);
        store.write(&record).unwrap()
    };
    let paths: Vec<_> = (0..6).map(&mut write).collect();
    drop(store);
    // The fields that lists read are valid, but the file is not a record.
    let text = std::fs::read_to_string(&paths[2]).unwrap().replace("\"stack_trace\": \"\"", "\"stack_trace\": 5");
    std::fs::write(&paths[2], text).unwrap();
    let run = workspace.run(&["prune", "--max-size", "0", "--keep-last", "2", "--yes"]);
    assert!(run.stderr().contains("deleted 2 ("), "{}", run.stderr());
    assert_eq!(workspace.records(), 4);
    assert!(!paths[1].exists() && !paths[3].exists());
}

#[test]
fn pruning_deletes_the_temporary_files_of_killed_programs() {
    let workspace = Workspace::empty();
    Store::open(workspace.failures()).unwrap();
    let names = [".latest.json.4711-0.tmp", ".notes.tmp"].map(|name| workspace.failures().join(name));
    for path in &names {
        let file = std::fs::File::create(path).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(60)).unwrap();
    }
    workspace.run(&["prune", "--keep-last", "1"]);
    assert!(names[0].exists());
    let run = workspace.run(&["prune", "--keep-last", "1", "--yes"]);
    assert!(run.stderr().contains("deleted 1 temporary file of killed programs"), "{}", run.stderr());
    assert!(!names[0].exists() && names[1].exists());
}

#[test]
fn pruning_finishes_with_a_closed_output() {
    let workspace = Workspace::empty();
    let store = Store::open(workspace.failures()).unwrap();
    for step in 0..50 {
        store.write(&failure(&format!("step {}", step % 5))).unwrap();
    }
    drop(store);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = workspace.command(&["prune", "--keep-last", "0", "--yes"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("deleted 45 ("), "{stderr}");
    assert!(stderr.contains("failures: cannot write to standard output: No space left on device"), "{stderr}");
    assert_eq!(workspace.records(), 5);
}

#[cfg(unix)]
#[test]
fn special_files_are_not_opened() {
    let workspace = Workspace::with_data();
    let pipe = workspace.failures().join("general_pipe.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::create_dir(workspace.failures().join("general_directory.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", workspace.failures().join("general_zero.json")).unwrap();
    std::os::unix::fs::symlink("nowhere", workspace.failures().join("general_dangling.json")).unwrap();
    assert_eq!(workspace.transcript_of("list"), Workspace::with_data().transcript_of("list"));
    let run = workspace.run(&["validate", pipe.to_str().unwrap()]);
    assert!(run.stdout().ends_with("general_pipe.json: cannot be read: not a regular file\n"), "{}", run.stdout());
}

#[test]
fn the_latest_is_the_first_of_the_list() {
    let workspace = Workspace::with_data();
    // A file that is newest by its name but not by its time, and a file that is not a record.
    let old = workspace.failures().join("general_20251227_042931.json");
    std::fs::rename(old, workspace.failures().join("zz_notes.json")).unwrap();
    std::fs::write(workspace.failures().join("zz.json"), "{}").unwrap();
    let first = |args: &[&str]| workspace.run(args).stdout().lines().next().unwrap_or_default().to_owned();
    assert_eq!(first(&["show"]), "multigrid_solve failed, by §7.1, Eq. 7.3");
    assert_eq!(first(&["show", "latest~6"]), "test_computation failed, by Test reference");
    assert_eq!(workspace.run(&["show", "latest~7"]).code(), 1);
    assert_eq!(workspace.run(&["show", "latest~18446744073709551615"]).code(), 1);
}

#[test]
fn a_record_is_found_by_its_id_with_any_file_name() {
    let workspace = Workspace::with_data();
    let name = "rg_flow_20261125T205117.302Z_01a2147a-1ecd-70c6-84a7-84b5a10c4105.json";
    std::fs::rename(workspace.failures().join(name), workspace.failures().join("kept.json")).unwrap();
    for id in ["a10c4105", "A10C4105", "01a2147a-1ecd-70c6-84a7-84b5a10c4105", "kept", "kept.json"] {
        assert_eq!(workspace.run(&["show", id]).code(), 0, "{id}");
    }
    let run = workspace.run(&["show", "io/failures/gone.json"]);
    assert_eq!(run.stderr(), "failures: no such file: io/failures/gone.json\n");
}

#[test]
fn control_characters_of_a_record_are_escaped() {
    let workspace = Workspace::empty();
    let evil = "\u{1b}[2J\u{9b}31m\u{202e}\u{7}";
    let mut failure = Failure::new(format!("computation{evil}"), format!("reference{evil}"), evil, evil);
    failure.context.id = Some(uuid::Uuid::now_v7());
    failure.parameters.insert(format!("name{evil}\n"), evil);
    failure.context.session_id = Some(evil.to_owned());
    failure.context.other.insert(evil, evil);
    failure.suggested_fixes.push(evil.to_owned());
    workspace.record(&failure);
    failure.timestamp -= std::time::Duration::from_secs(1);
    workspace.record(&failure);
    std::fs::write(workspace.failures().join(format!("general{evil}.json")), format!("{{\"{evil}\": ")).unwrap();
    let lines =
        "list|show|groups|refs|diff latest~1|validate|logs|prune --keep-last 0|list --where error(.error_message)";
    for line in lines.split('|') {
        let transcript = workspace.transcript_of(line);
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!transcript.contains(bad), "{line}: {transcript:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn neither_does_its_json() {
    let workspace = Workspace::empty();
    let evil = "\u{9b}31m\u{202e}\u{7f}\u{e0041}";
    let mut failure = Failure::new(format!("computation{evil}"), format!("reference{evil}"), evil, evil);
    failure.context.id = Some(uuid::Uuid::now_v7());
    failure.context.session_id = Some("run".to_owned());
    failure.parameters.insert(format!("name{evil}"), evil);
    workspace.record(&failure);
    failure.timestamp += std::time::Duration::from_secs(1);
    failure.parameters.insert("x", evil);
    workspace.record(&failure);
    let text = format!("{{\"{evil}\": 1}}");
    std::fs::write(workspace.failures().join("broken.json"), &text).unwrap();
    let line = format!(
        "{{\"timestamp\":\"2026-11-30T10:15:00.000Z\",\"level\":\"INFO\",\"target\":\"t\",\"message\":\"{evil}\",\"fields\":{{}},\
         \"spans\":[],\"session_id\":\"run\"}}\n"
    );
    std::fs::create_dir(workspace.dir().join("io/logs")).unwrap();
    std::fs::write(workspace.dir().join("io/logs/runtime_20261130T101500_run_0000.jsonl"), line).unwrap();
    let commands = "list --json|list --jsonl|groups --json|refs --json|diff latest~1 --json|validate --jsonl|show --json|\
                    show --raw|show --raw broken|logs --session run --jsonl";
    let bad = |c: char| (c.is_control() && !matches!(c, '\n' | '\r')) || matches!(c, '\u{202e}' | '\u{e0041}');
    for args in commands.split('|') {
        let screen = at_a_terminal(&workspace, 200, args);
        assert!(!screen.contains(bad), "{args}: {screen:?}");
        assert!(screen.contains("202e"), "{args}: {screen:?}");
    }
    assert_eq!(workspace.run(&["show", "--raw", "broken"]).stdout(), text);
}

/// The command on a terminal with this number of columns.
fn at_a_terminal(workspace: &Workspace, columns: usize, args: &str) -> String {
    let line = format!("stty rows 24 cols {columns}; exec {} {args}", env!("CARGO_BIN_EXE_failures"));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(workspace.dir()).env("TZ", "UTC").env("TERM", "xterm");
    let output = command.env_remove("NO_COLOR").stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn at_a_terminal_there_are_colours_and_tables_that_fit_and_json_that_is_harmless() {
    let workspace = Workspace::with_data();
    assert!(at_a_terminal(&workspace, 200, "list").contains("\u{1b}[31m"));
    for columns in [80, 120] {
        let table = at_a_terminal(&workspace, columns, "list --color never");
        let widest = table.lines().map(|line| line.trim_end().chars().count()).max().unwrap();
        assert!(widest <= columns && widest > columns - 10, "{columns}: {table}");
    }
    assert!(!at_a_terminal(&workspace, 80, "list --color never").contains("CATEGORY"));
    let evil = failure("\u{9b}31m");
    workspace.record(&evil);
    let json = at_a_terminal(&workspace, 80, "show --json");
    assert!(json.contains("\\u009b31m") && !json.contains('\u{9b}'), "{json:?}");
    assert!(workspace.run(&["show", "--json"]).stdout().contains('\u{9b}'));
}

#[test]
fn a_filter_cannot_end_the_command() {
    let workspace = Workspace::with_data();
    for filter in ["halt", "halt(3)", "halt_error"] {
        let run = workspace.run(&["list", "--where", filter]);
        assert_eq!(run.code(), 2, "{filter}: {}", run.transcript());
    }
}

#[test]
fn a_broken_line_does_not_hide_other_lines_of_a_log() {
    let workspace = Workspace::with_data();
    let path = workspace.dir().join("io/logs/runtime_20261125_01a2147a-1eb2-72e7-beb1-85049d6aa8d4_0000.jsonl");
    let log = std::fs::read_to_string(&path).unwrap();
    // A truncated first line, an empty line, and a line of a later time before the failure's own line.
    let (early, rest) = log.split_at(log.find('\n').unwrap() + 1);
    let later = early.replace("17.290", "17.399").replace("couplings read", "another thread");
    std::fs::write(&path, format!("{{\"cut\n\n{early}{later}{rest}")).unwrap();
    let logs = workspace.run(&["logs", "--failure", "a10c4105"]);
    assert_eq!(logs.stdout(), Workspace::with_data().run(&["logs", "--failure", "a10c4105"]).stdout());
    assert_eq!(logs.stderr(), "failures: 2 lines skipped: not a line of a runtime log\n");
}

/// A `failures watch` that ends with the test.
struct Watch {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
}

impl Watch {
    fn begin(workspace: &Workspace, args: &[&str]) -> Self {
        Self::of(&mut workspace.command(&[&["watch", "--dir", "io/failures"], args].concat()))
    }

    /// Returns when the command is watching.
    fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut first).unwrap();
        assert!(first.starts_with("watching "), "{first}");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Watch { child, lines, stderr }
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    fn complaint(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn new_failures_are_printed_immediately() {
    let workspace = Workspace::with_data();
    let mut watch = Watch::begin(&workspace, &[]);
    workspace.record(&failure("first"));
    assert!(watch.line().ends_with("rg_flow_integration failed, by Eq. 1.12"));
    assert_eq!(watch.line(), "  Diverged: first");
    assert!(watch.line().contains("failures show "));
    workspace.record(&failure("second"));
    watch.line();
    assert_eq!(watch.line(), "  Diverged: second");
}

#[test]
fn watching_can_begin_without_a_directory_and_end_by_itself() {
    let workspace = Workspace::empty();
    let mut watch = Watch::begin(&workspace, &["--jsonl", "-n", "2", "--where", ".error_message != \"unwanted\""]);
    for message in ["first", "unwanted", "second"] {
        workspace.record(&failure(message));
    }
    for message in ["first", "second"] {
        assert_eq!(Failure::from_json(&watch.line()).unwrap().error_message, message);
    }
    assert!(watch.lines.next().is_none());
    assert!(watch.child.wait().unwrap().success());
}

#[test]
fn watching_continues_when_the_directory_is_replaced() {
    let workspace = Workspace::with_data();
    let mut watch = Watch::begin(&workspace, &["--jsonl"]);
    std::fs::remove_dir_all(workspace.failures()).unwrap();
    for message in ["first", "second"] {
        workspace.record(&failure(message));
        assert_eq!(Failure::from_json(&watch.line()).unwrap().error_message, message);
    }
}

#[test]
fn a_slowly_written_record_is_printed_when_complete() {
    let workspace = Workspace::with_data();
    let mut watch = Watch::begin(&workspace, &["--jsonl"]);
    let json = failure("slow").to_json();
    let path = workspace.failures().join("general_slow.json");
    std::fs::write(&path, &json[..100]).unwrap();
    workspace.record(&failure("quick"));
    assert_eq!(Failure::from_json(&watch.line()).unwrap().error_message, "quick");
    assert_eq!(watch.complaint(), "failures: io/failures/general_slow.json is not a failure record\n");
    std::fs::write(&path, &json).unwrap();
    assert_eq!(Failure::from_json(&watch.line()).unwrap().error_message, "slow");
}

#[test]
fn watching_finds_later_failures() {
    let workspace = Workspace::empty();
    let io = workspace.dir().join("io");
    let mut command = workspace.command(&["watch", "--jsonl", "--dir", io.to_str().unwrap()]);
    let mut watch = Watch::of(&mut command);
    workspace.record(&failure("first"));
    assert_eq!(Failure::from_json(&watch.line()).unwrap().error_message, "first");
    let run = workspace.run(&["watch", "--dir", "/dev/null"]);
    assert_eq!((run.code(), run.stderr()), (1, "failures: /dev/null is not a directory\n".to_owned()));
}

#[test]
fn a_computation_that_closed_without_a_report_has_an_unknown_outcome() {
    let workspace = Workspace::with_data();
    let log = workspace.dir().join("io/logs/runtime_20261125_01a2147a-1eb2-72e7-beb1-85049d6aa8d4_0000.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains(r#""outcome":"failed""#));
    std::fs::write(&log, text.replace(r#""outcome":"failed""#, r#""outcome":"unknown""#)).unwrap();
    let run = workspace.run(&["logs", "--session", "01a2147a-1eb2"]);
    assert!(run.stdout().contains(": rg_flow_integration with unknown outcome after "), "{}", run.transcript());
}

/// Returns a line of a log: an event inside a computation of one parameter, or the closing line of the computation.
fn log_line(time: &str, session: &str, is_closing: bool, mu: u32) -> String {
    let begin = format!(r#"{{"timestamp":"2026-11-30T10:00:{time}Z","level":"INFO","target":"sweep""#);
    let end = format!(r#""session_id":"{session}"}}"#);
    if is_closing {
        let parameters = format!(r#""computation":"solve","parameters":{{"mu":{mu}}},"outcome":"ok","duration_s":0.5"#);
        return format!(r#"{begin},"message":"computation closed",{parameters},{end}"#);
    }
    let span = format!(r#"{{"name":"solve","fields":{{"computation":"solve","theoretical_ref":"§1","mu":{mu}}}}}"#);
    format!(r#"{begin},"message":"step {mu}","fields":{{}},"spans":[{span}],{end}"#)
}

#[test]
fn closing_lines_stand_between_the_events_of_the_other_series() {
    let workspace = Workspace::empty();
    let logs = workspace.dir().join("io/logs");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::create_dir_all(workspace.failures()).unwrap();
    let event = |time, mu| log_line(time, "run", false, mu);
    let closing = |time, mu| log_line(time, "run", true, mu);
    // Two runs share a millisecond. Each closing line follows the events of the same run.
    let files = [
        ("runtime_20261130_run_0000.jsonl", vec![event("01.000", 1), event("02.000", 2), event("02.000", 3)]),
        ("runtime_20261130_run_0001.jsonl", vec![event("04.000", 4)]),
        ("computations_20261130_run_0000.jsonl", vec![closing("01.500", 1), closing("02.000", 2)]),
        ("computations_20261130_run_0001.jsonl", vec![closing("02.000", 3), closing("05.000", 4)]),
        ("computations_20261130_other_0000.jsonl", vec![log_line("03.000", "other", true, 9)]),
    ];
    for (name, lines) in &files {
        std::fs::write(logs.join(name), lines.join("\n") + "\n").unwrap();
    }
    let expected = [
        event("01.000", 1),
        closing("01.500", 1),
        event("02.000", 2),
        closing("02.000", 2),
        event("02.000", 3),
        closing("02.000", 3),
        event("04.000", 4),
        closing("05.000", 4),
    ];
    for limit in [0, 3, 8] {
        let run = workspace.run(&["logs", "--session", "run", "--jsonl", "--limit", &limit.to_string()]);
        let shown: Vec<String> = run.stdout().lines().map(str::to_owned).collect();
        let first = if limit == 3 { expected.len() - 3 } else { 0 };
        assert_eq!(shown, expected[first..], "{}", run.transcript());
    }
    let run = workspace.run(&["logs", "--session", "run"]);
    assert!(run.stdout().contains("computation closed: solve ok after 0.5 s"), "{}", run.transcript());
}

#[test]
fn the_line_of_a_failure_is_the_last_one_within_its_millisecond() {
    const SESSION: &str = "01a2147a-1eb2-72e7-beb1-85049d6aa8d4";
    let workspace = Workspace::with_data();
    let logs = workspace.dir().join("io/logs");
    let before = workspace.run(&["logs", "--failure", "10c4105", "--jsonl"]).stdout();
    let failure = r#""time":0,"failure_id":"01a2147a-1ecd-70c6-84a7-84b5a10c4105""#;
    let begin = r#"{"timestamp":"2026-11-25T20:51:17.302Z","level":"INFO","target":"rg_flow""#;
    let line = |computation: &str, rest: &str| {
        let parameters = format!(r#""computation":"{computation}","parameters":{{}},"outcome":"ok",{rest}"#);
        format!(r#"{begin},"message":"computation closed",{parameters},"session_id":"{SESSION}"}}"#)
    };
    let (inner, own) = (line("inner", r#""duration_s":0.1"#), line("rg_flow_integration", failure));
    let text = format!("{inner}\n{own}\n");
    std::fs::write(logs.join(format!("computations_20261125_{SESSION}_0000.jsonl")), text).unwrap();
    let run = workspace.run(&["logs", "--failure", "10c4105", "--jsonl"]);
    let lines: Vec<String> = run.stdout().lines().map(str::to_owned).collect();
    let mut expected: Vec<&str> = before.lines().collect();
    expected.insert(expected.len() - 1, &inner);
    assert_eq!(lines, expected, "{}", run.transcript());
}

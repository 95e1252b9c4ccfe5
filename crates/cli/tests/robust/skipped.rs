//! Skipped files: stderr names them, and the exit code is 1.

use record::Failure;

use crate::support::Workspace;

fn workspace_with_broken_files(names: &[&str]) -> Workspace {
    let workspace = Workspace::empty();
    for message in ["first", "second"] {
        workspace.record(&Failure::new("rg_flow_integration", "Eq. 1.12", "Diverged", message));
    }
    names.iter().for_each(|name| std::fs::write(workspace.failures().join(name), "{").unwrap());
    workspace
}

#[test]
fn every_command_that_leaves_out_files_names_them_and_has_exit_code_1() {
    let workspace = workspace_with_broken_files(&["a.json", "b.json"]);
    for args in [
        &["list"][..],
        &["list", "--json"],
        &["groups"],
        &["refs"],
        &["show"],
        &["show", "--raw"],
        &["show", "--json"],
        &["diff", "latest~1"],
        &["prune", "--keep-last", "1"],
        &["prune", "--keep-last", "1", "--yes"],
    ] {
        let run = workspace.run(args);
        assert_eq!(run.code(), 1, "{args:?}: {}", run.transcript());
        assert!(!run.stdout().is_empty() || args[0] == "prune", "{args:?}");
        for name in ["2 files skipped:", "io/failures/a.json: ", "io/failures/b.json: "] {
            assert!(run.stderr().contains(name), "{args:?}: {}", run.stderr());
        }
    }
    assert_eq!(workspace.run(&["validate"]).code(), 1);
}

#[test]
fn a_file_that_cannot_be_the_one_that_is_meant_does_not_matter() {
    let workspace =
        workspace_with_broken_files(&["general_20200101T000000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json"]);
    let run = workspace.run(&["show"]);
    assert_eq!((run.code(), run.stderr()), (0, String::new()));
    let name = workspace.files().into_iter().find(|name| name.starts_with("rg_flow")).unwrap();
    assert_eq!(workspace.run(&["show", &name]).code(), 0);
    assert_eq!(workspace.run(&["list"]).code(), 1);
}

#[test]
fn some_of_many_skipped_files_are_named() {
    let names: Vec<String> = (0..9).map(|number| format!("{number}.json")).collect();
    let workspace = workspace_with_broken_files(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let stderr = workspace.run(&["list"]).stderr();
    assert!(stderr.starts_with("failures: 9 files skipped:\n  io/failures/0.json: "), "{stderr}");
    assert!(
        stderr.contains("io/failures/4.json") && stderr.ends_with("  and 4 more; run failures validate\n"),
        "{stderr}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn names_that_are_not_utf_8_are_skipped() {
    use std::os::unix::ffi::OsStrExt;
    let workspace = workspace_with_broken_files(&[]);
    std::fs::write(workspace.failures().join(std::ffi::OsStr::from_bytes(b"\xff.json")), "{}").unwrap();
    for args in [&["list"][..], &["show"], &["validate"]] {
        let run = workspace.run(args);
        assert_eq!(run.code(), 1, "{args:?}: {}", run.transcript());
        assert!(run.stderr().contains("1 file skipped: the name is not UTF-8: "), "{}", run.stderr());
    }
}

//! What each command prints.

mod support;

use serde_json::json;
use support::Workspace;

macro_rules! prints {
    ($($test:ident: $line:literal,)*) => {$(
        #[test]
        fn $test() {
            insta::assert_snapshot!(Workspace::with_data().transcript_of($line));
        }
    )*};
}

prints! {
    list: "list",
    list_is_what_happens_without_a_command: "--computation rg_flow",
    list_in_whatever_case: "list --computation RG_FLOW --ref EQ. --error panic",
    list_of_a_category: "list --category stagnation",
    list_that_is_limited: "list --limit 2",
    list_of_nothing: "list --error nonsense",
    list_where: "list --where .parameters.omega|isnan",
    list_where_the_filter_fails: "list --where .parameters.method.order",
    list_where_the_filter_is_wrong: "list --where .a<",
    list_as_json_lines: "list --computation test --jsonl",
    list_as_json: "list --computation test --json",
    list_of_nothing_as_json: "list --error nonsense --json",
    list_since: "list --since 2026-11-25T20:51:20Z --until 2026-11-25T20:51:30Z",
    list_of_a_session: "list --session night-run-7",
    show_a_solver: "show 10c4105",
    show_everything: "show 7d0e5a1b2c3d --frames",
    show_a_panic_in_a_library: "show 3ae3ef77",
    show_a_record_of_the_first_authors: "show general_20251227_042931",
    show_as_json: "show general_20251227_042931 --json",
    show_before_the_latest: "show latest~1 --raw",
    show_what_is_not_there: "show 12345678",
    show_what_is_not_unique: "show 01a2",
    groups: "groups",
    groups_as_json: "groups --computation rg_flow --json",
    refs: "refs",
    refs_as_json: "refs --json --ref §7",
    diff: "diff 10c4105 9c0a52a8",
    diff_of_two_kinds: "diff 10c4105 3ae3ef77",
    diff_of_one: "diff latest latest",
    diff_as_json: "diff latest general_20251227_042931 --json",
    validate: "validate",
    logs: "logs --failure 10c4105",
    logs_of_a_level_in_a_span: "logs --failure 10c4105 --level warn --span integr",
    logs_of_a_session: "logs --session night-run-7",
    logs_as_they_are: "logs --failure 10c4105 -n 1 --jsonl",
    logs_that_are_not_there: "logs --failure 7e38bf4c",
    logs_of_a_record_without_a_session: "logs --failure general_20251227_042931",
    prune_says_what_it_would_do: "prune --keep-last 0",
    prune_needs_a_bound: "prune --yes",
    help: "--help",
    help_of_list: "list --help",
    help_of_prune: "prune --help",
    options_before_the_command: "--limit 3 refs",
}

/// A failure that comes from a panic of another thread, with events in spans.
fn workspace_with_panic(matched_by: &str) -> Workspace {
    let workspace = Workspace::empty();
    let frame = |function: &str, in_app: bool| json!({ "function": function, "file": "src/worker.rs", "line": 17, "in_app": in_app });
    let record = json!({
        "timestamp": "2026-11-25T20:51:17.302Z", "computation": "multigrid_solve", "theoretical_ref": "Eq. 2.4",
        "error_type": "Panic", "error_message": "a thread panicked", "parameters": {}, "stack_trace": "",
        "context": {
            "panic_origin": { "matched_by": matched_by, "raised": [
                { "message": "index 7 of 5\nin the halo", "location": { "file": "src/worker.rs", "line": 17 },
                  "thread": "worker-3", "frames": [frame("mg::halo", true), frame("core::panicking", false)] },
                { "message": "poisoned" },
            ] },
            "trail": [{ "message": "sweep", "seen": 3, "dropped": 0, "elapsed_s": [0.1, 0.2, 0.3], "spans": ["cycle", "level"],
                "span_fields": { "depth": 2 }, "columns": { "residual": [1.0, 10.0, 100.0] } }],
            "breadcrumbs": [{ "elapsed_s": 0.2, "level": "WARN", "message": "slow", "span": "level", "span_fields": { "depth": 2 } }],
        },
        "suggested_fixes": [],
    });
    std::fs::create_dir_all(workspace.failures()).unwrap();
    std::fs::write(workspace.failures().join("general_20261125_205117.json"), record.to_string()).unwrap();
    workspace
}

#[test]
fn show_a_panic_of_another_thread() {
    insta::assert_snapshot!(workspace_with_panic("payload").transcript_of("show"));
}

#[test]
fn show_panics_of_other_threads_that_may_be_the_cause() {
    insta::assert_snapshot!(workspace_with_panic("unknown").transcript_of("show"));
}

#[test]
fn a_question_names_the_panic_and_the_spans_of_events() {
    let workspace = workspace_with_panic("payload");
    let args = ["suggest", "--dry-run", "--model", "m", "--base-url", "http://localhost:1"];
    let run = workspace.run(&args);
    let body = run.stdout().split_once("\n\n").unwrap_or_else(|| panic!("{}", run.transcript())).1.to_owned();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let question = body["messages"][1]["content"].as_str().unwrap();
    let record = question.split("=====\n").nth(1).unwrap().split("\n=====").next().unwrap();
    insta::assert_snapshot!(record);
}

//! `--since` and `--until`: clock changes and the ends of ranges.

use record::Failure;

use crate::support::Workspace;

/// The messages of the records that a command lists, oldest first.
fn listed(workspace: &Workspace, zone: &str, args: &[&str]) -> Vec<String> {
    let output = workspace.command(&[&["list", "--jsonl"], args].concat()).env("TZ", zone).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut messages: Vec<String> = text.lines().map(|line| Failure::from_json(line).unwrap().error_message).collect();
    messages.sort();
    messages
}

/// Records with these times. The time is also the message.
fn workspace_with(times: &[&str]) -> Workspace {
    let workspace = Workspace::empty();
    std::fs::create_dir_all(workspace.failures()).unwrap();
    for (number, time) in times.iter().enumerate() {
        let json = Failure::new("c", "r", "E", *time).to_json();
        let (_, rest) = json.split_once("\",").unwrap();
        let json = format!("{{\"timestamp\": \"{time}\",{rest}");
        std::fs::write(workspace.failures().join(format!("general_{number}.json")), json).unwrap();
    }
    workspace
}

fn check_day(zone: &str, day: &str, inside: [&str; 2], outside: [&str; 2]) {
    let workspace = workspace_with(&[outside[0], inside[0], inside[1], outside[1]]);
    if !std::path::Path::new("/usr/share/zoneinfo").join(zone).exists() {
        eprintln!("skipped: no time zone {zone} here");
        return;
    }
    assert_eq!(listed(&workspace, zone, &["--since", day, "--until", day]), inside, "{zone}");
}

#[test]
fn days_follow_the_local_clock() {
    // 25 hours, 23 hours, two midnights, no midnight, and a skipped day.
    check_day(
        "Europe/Berlin",
        "2025-10-26",
        ["2025-10-25T22:00:00.000Z", "2025-10-26T22:59:59.999999Z"],
        ["2025-10-25T21:59:59.999999Z", "2025-10-26T23:00:00.000Z"],
    );
    check_day(
        "Europe/Berlin",
        "2025-03-30",
        ["2025-03-29T23:00:00.000Z", "2025-03-30T21:59:59.999999Z"],
        ["2025-03-29T22:59:59.999999Z", "2025-03-30T22:00:00.000Z"],
    );
    check_day(
        "America/Havana",
        "2025-11-02",
        ["2025-11-02T04:00:00.000Z", "2025-11-03T04:59:59.999999Z"],
        ["2025-11-02T03:59:59.999999Z", "2025-11-03T05:00:00.000Z"],
    );
    check_day(
        "America/Sao_Paulo",
        "2018-11-04",
        ["2018-11-04T03:00:00.000Z", "2018-11-05T01:59:59.999999Z"],
        ["2018-11-04T02:59:59.999999Z", "2018-11-05T02:00:00.000Z"],
    );
    check_day(
        "Pacific/Apia",
        "2011-12-31",
        ["2011-12-30T10:00:00.000Z", "2011-12-31T09:59:59.999999Z"],
        ["2011-12-30T09:59:59.999999Z", "2011-12-31T10:00:00.000Z"],
    );
}

#[test]
fn a_bound_counts_to_the_end_of_its_last_digit() {
    let times = ["2025-06-01T12:00:05.249999Z", "2025-06-01T12:00:05.250400Z", "2025-06-01T12:00:05.999900Z"];
    let workspace = workspace_with(&[times[0], times[1], times[2], "2025-06-01T12:00:06.000Z"]);
    // An hour that occurs twice, and an hour that is skipped.
    let twice = workspace_with(&["2025-10-26T00:30:00.000Z", "2025-10-26T01:30:59.999Z"]);
    assert_eq!(
        listed(&twice, "Europe/Berlin", &["--since", "2025-10-26 02:30", "--until", "2025-10-26 02:30"]).len(),
        2
    );
    let output =
        workspace.command(&["list", "--since", "2025-03-30 02:30"]).env("TZ", "Europe/Berlin").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("does not exist in the local time zone"), "{output:?}");
    for (until, count) in [
        ("2025-06-01 12:00:05", 3),
        ("2025-06-01T12:00:05Z", 3),
        ("2025-06-01T14:00:05+02:00", 3),
        ("2025-06-01 12:00:05.250", 2),
        ("2025-06-01 12:00:05.24", 1),
        ("2025-06-01T12:00:05.250Z", 2),
        ("2025-06-01 12:00", 4),
    ] {
        assert_eq!(listed(&workspace, "UTC", &["--until", until]).len(), count, "{until}");
    }
    assert_eq!(listed(&workspace, "UTC", &["--since", "2025-06-01 12:00:05.25"]).len(), 3);
}

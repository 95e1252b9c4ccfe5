//! Records on the current branch.

use crate::support::World;

#[test]
fn records_are_committed_and_pushed() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let records = [clone.fail("rg_flow_integration"), clone.fail("betti_numbers"), clone.fail("rg_flow_integration")];
    let answer = clone.publish().pushed(3);
    assert_eq!(answer.get("commit"), clone.head().as_str());
    assert_eq!((answer.get("branch").as_str(), answer.get("remote").as_str()), (Some("main"), Some("origin")));
    assert_eq!(origin.rev("main"), clone.head());
    assert_eq!(clone.rev("origin/main"), clone.head());
    let mut files = vec!["README".to_owned()];
    files.extend(records);
    files.sort();
    assert_eq!(origin.files("main"), files);
    let message = clone.git(&["log", "-1", "--format=%an|%cn|%B"]);
    let lines: Vec<&str> = message.trim_end().lines().collect();
    assert!(lines[0].starts_with("Ada|Ada|Failure log: 20") && lines[0].len() == 36, "{message}");
    assert_eq!(lines[1..], ["", "3 records: rg_flow_integration (2), betti_numbers"]);
    assert_eq!(
        clone.git(&["status", "--porcelain", "-uall"]),
        "?? io/failures/.latest.lock\n?? io/failures/latest.json\n"
    );
    clone.publish().expect("NothingToDo", 0);
    assert_eq!(clone.count("main"), 2);
    clone.assert_healthy();
}

//! Records that others remove from the remote stay removed, and changes made here arrive.

use crate::support::{Repo, World};

/// Pushes a record from another clone, clones the remote, and takes the record off the remote by force.
fn clone_with_a_record_that_is_removed(world: &World, branch: &str) -> (Repo, Repo, String) {
    let (origin, other) = world.origin_and_clone();
    let publish = |repo: &Repo| match branch {
        "main" => repo.publish(),
        branch => repo.publisher().branch(branch).run(),
    };
    other.fail("first");
    publish(&other).pushed(1);
    let before = origin.rev(branch);
    let removed = other.fail("removed");
    publish(&other).pushed(1);
    let clone = world.clone_of(&origin, "ours");
    clone.git(&["switch", "--quiet", branch]);
    clone.git(&["switch", "--quiet", "main"]);
    other.git(&["push", "--quiet", "--force", "origin", &format!("{before}:refs/heads/{branch}")]);
    (origin, clone, removed)
}

#[test]
fn a_removed_record_of_a_clone_stays_removed() {
    let world = World::new();
    let (origin, clone, removed) = clone_with_a_record_that_is_removed(&world, "main");
    let new = clone.fail("new");
    clone.publish().pushed(1);
    let files = origin.files("main");
    assert!(!files.contains(&removed) && files.contains(&new), "{files:?}");
    clone.publish().expect("NothingToDo", 0);
}

#[test]
fn it_stays_removed_after_fetching_the_removal() {
    let world = World::new();
    let (origin, clone, removed) = clone_with_a_record_that_is_removed(&world, "main");
    clone.git(&["fetch", "--quiet"]);
    clone.fail("new");
    clone.publish().pushed(1);
    assert!(!origin.files("main").contains(&removed));
}

#[test]
fn it_stays_removed_if_it_was_only_fetched() {
    let world = World::new();
    let (origin, other) = world.origin_and_clone();
    let clone = world.clone_of(&origin, "ours");
    let before = origin.rev("main");
    let removed = other.fail("removed");
    other.publish().pushed(1);
    clone.git(&["pull", "--quiet"]);
    other.git(&["push", "--quiet", "--force", "origin", &format!("{before}:refs/heads/main")]);
    clone.fail("new");
    clone.publish().pushed(1);
    assert!(!origin.files("main").contains(&removed));
}

#[test]
fn it_stays_removed_with_commits_of_the_user() {
    let world = World::new();
    let (origin, clone, removed) = clone_with_a_record_that_is_removed(&world, "main");
    clone.commit_file("private", "mine\n");
    clone.fail("new");
    clone.publish().pushed(1);
    let files = origin.files("main");
    assert!(!files.contains(&removed) && !files.contains(&"private".to_owned()), "{files:?}");
}

#[test]
fn it_stays_removed_on_a_branch_of_records() {
    let world = World::new();
    let (origin, clone, removed) = clone_with_a_record_that_is_removed(&world, "failures");
    clone.fail("new");
    clone.publisher().branch("failures").run().pushed(1);
    assert!(!origin.files("failures").contains(&removed));
}

#[test]
fn it_stays_removed_on_a_new_branch() {
    let world = World::new();
    let (origin, clone, removed) = clone_with_a_record_that_is_removed(&world, "main");
    clone.git(&["switch", "--quiet", "-c", "study"]);
    clone.git(&["fetch", "--quiet"]);
    clone.fail("new");
    let answer = clone.publish();
    if answer.what() == "Pushed" {
        assert!(!origin.files("study").contains(&removed));
    }
    assert!(!origin.git(&["log", "--all", "--format=%H"]).contains(&clone.rev("main")));
}

/// A record that goes from one content to another and back reaches the remote each time.
fn change_and_change_back(prepare: impl Fn(&Repo), branch: Option<&str>) {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    prepare(&clone);
    let publish = || branch.iter().fold(clone.publisher(), |order, branch| order.branch(branch)).run();
    let record = clone.fail("rg_flow");
    let first = std::fs::read_to_string(clone.dir.join(&record)).unwrap();
    publish().pushed(1);
    clone.amend(&record);
    publish().pushed(1);
    clone.write(&record, &first);
    publish().pushed(1);
    let on_remote = origin.git(&["show", &format!("{}:{record}", branch.unwrap_or("main"))]);
    assert_eq!(on_remote, first);
    publish().expect("NothingToDo", 0);
}

#[test]
fn a_record_that_changes_back_is_published_again() {
    change_and_change_back(|_| (), None);
}

#[test]
fn a_record_that_changes_back_is_published_again_beside_commits_of_the_user() {
    change_and_change_back(
        |clone| {
            clone.commit_file("private", "mine\n");
        },
        None,
    );
}

#[test]
fn a_record_that_changes_back_is_published_again_on_a_branch_of_records() {
    change_and_change_back(|_| (), Some("failures"));
}

#[test]
fn a_record_that_changes_back_after_a_push_by_hand_is_published_again() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    let first = std::fs::read_to_string(clone.dir.join(&record)).unwrap();
    clone.publish().pushed(1);
    clone.amend(&record);
    clone.git(&["commit", "--quiet", "-am", "by hand"]);
    clone.git(&["push", "--quiet"]);
    clone.write(&record, &first);
    clone.publish().pushed(1);
    assert_eq!(origin.git(&["show", &format!("main:{record}")]), first);
}

#[test]
fn an_amendment_by_others_outlives_later_pushes() {
    for branch in ["main", "failures"] {
        let world = World::new();
        let (origin, clone) = world.origin_and_clone();
        let publish = || clone.publisher().branch(branch).run();
        let record = clone.fail("rg_flow");
        publish().pushed(1);
        let other = world.clone_of(&origin, "other");
        other.git(&["switch", "--quiet", branch]);
        other.amend(&record);
        other.git(&["commit", "--quiet", "-am", "amended"]);
        other.git(&["push", "--quiet", "origin", branch]);
        let amended = origin.git(&["show", &format!("{branch}:{record}")]);
        for _ in 0..2 {
            clone.fail("later");
            publish().pushed(1);
            assert_eq!(origin.git(&["show", &format!("{branch}:{record}")]), amended, "{branch}");
        }
    }
}

#[test]
fn a_reset_by_force_loses_no_record_that_waits() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let url = clone.git(&["remote", "get-url", "origin"]);
    clone.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    let records = [clone.fail("rg_flow"), clone.fail("rg_flow")];
    let text = std::fs::read_to_string(clone.dir.join(&records[0])).unwrap();
    clone.publish().expect("Committed: Offline", 2);
    clone.git(&["reset", "--quiet", "--hard", "origin/main"]);
    assert!(!clone.dir.join(&records[0]).exists());
    clone.git(&["remote", "set-url", "origin", url.trim()]);
    clone.publish().pushed(2);
    assert_eq!(origin.files("main"), ["README", &records[0], &records[1]]);
    assert_eq!(std::fs::read_to_string(clone.dir.join(&records[0])).unwrap(), text);
    // A record that is on the remote is dropped on purpose, and stays so.
    clone.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    clone.git(&["push", "--quiet", "--force"]);
    clone.publish().expect("NothingToDo", 0);
    assert_eq!(origin.files("main"), ["README"]);
}

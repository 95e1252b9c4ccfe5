//! Records on a branch of their own.

use crate::support::{Order, World};

#[test]
fn the_branch_starts_with_only_records() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.write("staged", "staged\n");
    clone.git(&["add", "staged"]);
    clone.commit_file(".gitignore", "/io/\n");
    let index = std::fs::read(clone.dir.join(".git/index")).unwrap();
    let (before, head) = (clone.state(), clone.head());
    let first = clone.fail("rg_flow");
    let answer = clone.publisher().branch("failures").run().pushed(1);
    assert_eq!(answer.get("branch"), "failures");
    assert_eq!(origin.files("failures"), [first.as_str()]);
    let second = clone.fail("betti_numbers");
    clone.publisher().branch("failures").run().pushed(1);
    clone.publisher().branch("failures").run().expect("NothingToDo", 0);
    assert_eq!(origin.files("failures"), [first, second]);
    assert_eq!((origin.count("failures"), origin.rev("failures")), (2, clone.rev("failures")));
    assert_eq!((clone.state(), clone.head()), (before, head));
    assert!(std::fs::read(clone.dir.join(".git/index")).unwrap() == index);
    clone.assert_healthy();
}

#[test]
fn two_clones_share_the_branch() {
    let world = World::new();
    let (origin, one) = world.origin_and_clone();
    let two = world.clone_of(&origin, "two");
    let first = one.fail("a");
    one.publisher().branch("failures").run().pushed(1);
    let second = two.fail("b");
    two.publisher().branch("failures").run().pushed(1);
    assert_eq!(two.files("failures"), [first.as_str(), &second]);
    let third = one.fail("c");
    one.publisher().branch("failures").run().pushed(1);
    assert_eq!(one.files("failures"), [first.as_str(), &second, &third]);
    assert_eq!(one.rev("failures"), origin.rev("failures"));
    // Where the other one has nothing new, there is nothing to do.
    two.publisher().branch("failures").run().expect("NothingToDo", 0);
    assert_eq!(origin.count("failures"), 3);
}

#[test]
fn independently_started_branches_are_merged() {
    let world = World::new();
    let (origin, one) = world.origin_and_clone();
    let two = world.clone_of(&origin, "two");
    let url = two.git(&["remote", "get-url", "origin"]);
    two.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    let first = two.fail("a");
    two.publisher().branch("failures").run().expect("Committed: Offline", 1);
    let second = one.fail("b");
    one.publisher().branch("failures").run().pushed(1);
    two.git(&["remote", "set-url", "origin", url.trim()]);
    two.publisher().branch("failures").run().pushed(1);
    assert_eq!(origin.files("failures"), [first, second]);
    assert_eq!(two.rev("failures"), origin.rev("failures"));
    assert_eq!(origin.count("failures"), 2);
}

#[test]
fn several_directories_share_the_branch() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let order = |dir: &str| Order::new(&clone, dir).branch("failures");
    let deep = clone.fail_in("studies/a b/io/failures", "deep");
    let top = clone.fail_in(".", "top");
    order("studies/a b/io/failures").run().pushed(1);
    let url = clone.git(&["remote", "get-url", "origin"]);
    clone.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    let deeper = clone.fail_in("studies/a b/io/failures", "deeper");
    order("studies/a b/io/failures").run().expect("Committed: Offline", 1);
    clone.git(&["remote", "set-url", "origin", url.trim()]);
    order(".").run().pushed(2);
    let mut files = vec![deep, deeper, top];
    files.sort();
    assert_eq!(origin.files("failures"), files);
}

#[test]
fn a_branch_that_holds_other_files_is_refused() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.git(&["branch", "code"]);
    clone.fail("rg_flow");
    let answer = clone.publisher().branch("code").run().error("ForeignFile");
    assert!(answer.text().contains("README") && answer.text().contains("another name"), "{}", answer.text());
    clone.publisher().branch("code").plan().error("ForeignFile");
    // The same where it is on the remote only.
    clone.git(&["push", "--quiet", "origin", "code"]);
    clone.git(&["branch", "-D", "--quiet", "code"]);
    clone.publisher().branch("code").run().error("ForeignFile");
    // JSON alone is not enough.
    clone.git(&["switch", "--quiet", "--orphan", "settings"]);
    clone.commit_file("package.json", "{}\n");
    clone.git(&["switch", "--quiet", "main"]);
    clone.publisher().branch("settings").run().error("ForeignFile");
    assert_eq!(origin.git(&["log", "--all", "--format=%s"]).matches("Failure log").count(), 0);
}

#[test]
fn a_remote_branch_with_other_files_is_not_pushed_to() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let url = clone.git(&["remote", "get-url", "origin"]);
    clone.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    clone.fail("rg_flow");
    clone.publisher().branch("failures").run().expect("Committed: Offline", 1);
    clone.git(&["remote", "set-url", "origin", url.trim()]);
    let other = world.clone_of(&origin, "other");
    other.git(&["push", "--quiet", "origin", "main:failures"]);
    clone.publisher().branch("failures").run().expect("Committed: ForeignFile", 0);
    assert_eq!(origin.rev("failures"), origin.rev("main"));
}

#[test]
fn invalid_names_are_rejected() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    for name in ["", "a b", "..", "-x", "x.lock", "a\nb", "HEAD", "@{-1}"] {
        clone.publisher().branch(name).run().error("InvalidName");
    }
}

#[test]
fn the_current_branch_by_its_name_is_the_current_branch() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    clone.publisher().branch("main").run().pushed(1);
    assert_eq!(origin.files("main"), ["README", &record]);
    assert_eq!(clone.git(&["status", "--porcelain", &record]), "");
}

#[test]
fn a_branch_that_another_work_tree_has_checked_out_is_refused() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    clone.publisher().branch("failures").run().pushed(1);
    clone.git(&["worktree", "add", "--quiet", "../ tree\nü", "failures"]);
    clone.fail("rg_flow");
    let answer = clone.publisher().branch("failures").run().error("BranchInUse");
    assert!(answer.text().contains(" tree\nü"), "{}", answer.text());
    assert_eq!(clone.count("failures"), 1);
}

#[test]
fn remote_deletions_on_the_branch_are_kept() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let publish = || clone.publisher().branch("failures").run();
    let deleted = clone.fail("rg_flow");
    publish().pushed(1);
    let other = world.clone_of(&origin, "other");
    other.git(&["switch", "--quiet", "failures"]);
    other.git(&["rm", "--quiet", &deleted]);
    other.git(&["commit", "--quiet", "--allow-empty", "-m", "cleaned up"]);
    other.git(&["push", "--quiet"]);
    let new = clone.fail("betti_numbers");
    publish().pushed(1);
    publish().expect("NothingToDo", 0);
    assert_eq!(origin.files("failures"), [new.as_str()]);
    // A branch that has gone begins anew, with all that is here.
    origin.git(&["branch", "-D", "failures"]);
    clone.git(&["branch", "-D", "failures"]);
    clone.git(&["update-ref", "-d", "refs/remotes/origin/failures"]);
    publish().pushed(2);
}

#[test]
fn names_that_the_remote_rejects_are_reported() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    origin.git(&["branch", "failures/old", "main"]);
    clone.fail("rg_flow");
    let answer = clone.publisher().branch("failures").run().expect("Committed: Rejected", 1);
    assert!(!answer.text().contains("came first"), "{}", answer.text());
}

#[test]
fn a_commit_of_the_user_on_the_branch_is_not_dropped() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let publish = || clone.publisher().branch("failures").run();
    let (first, second) = (clone.fail("rg_flow"), clone.fail("betti_numbers"));
    publish().pushed(2);
    let work_tree = world.path().join("work tree");
    clone.git(&["worktree", "add", "--quiet", work_tree.to_str().unwrap(), "failures"]);
    let in_work_tree = |words: &[&str]| clone.git(&[&["-C", work_tree.to_str().unwrap()], words].concat());
    in_work_tree(&["rm", "--quiet", &first]);
    in_work_tree(&["commit", "--quiet", "-m", "my deletion"]);
    clone.git(&["worktree", "remove", work_tree.to_str().unwrap()]);
    let third = clone.fail("chern_number");
    publish().pushed(1);
    assert!(clone.git(&["log", "--format=%s", "failures"]).contains("my deletion"));
    let mut files = vec![second, third];
    files.sort();
    assert_eq!(clone.files("failures"), files);
    assert!(!origin.git(&["log", "--format=%s", "failures"]).contains("my deletion"));
}

#[test]
fn with_a_detached_head() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.git(&["switch", "--quiet", "--detach"]);
    let head = clone.head();
    clone.fail("rg_flow");
    clone.publish().error("DetachedHead");
    clone.publisher().branch("failures").run().pushed(1);
    assert_eq!((clone.head(), origin.count("failures")), (head, 1));
}

#[test]
fn in_a_repository_without_a_commit() {
    let world = World::new();
    let origin = world.bare("origin");
    let clone = world.clone_of(&origin, "clone");
    clone.fail("rg_flow");
    clone.publisher().branch("failures").run().pushed(1);
    assert_eq!(origin.count("failures"), 1);
    assert!(!clone.try_git(&["rev-parse", "--verify", "HEAD"]).status.success());
}

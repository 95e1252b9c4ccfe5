//! What may happen between two steps of a publishing on the current branch.

use std::process::Child;
use std::time::Duration;

use crate::support::{Answer, Repo, World, wait_for};

/// Publishes by a git that does something else as well, once, after a call of this kind.
fn after(call: &str, world: &World, clone: &Repo, what: &str) -> Child {
    let once = world.path().join("once");
    let text = format!(
        "GIT \"$@\" || exit\ncase \" $* \" in *' {call} '*) [ -e '{once}' ] || {{ touch '{once}'; {what}; }};; esac",
        once = once.display(),
    );
    let path = world.path_with_git(&text);
    clone.publisher().timeout(Duration::from_secs(2)).env("PATH", path).spawn()
}

/// The same after the branch has moved.
fn when_the_branch_has_moved(world: &World, clone: &Repo, what: &str) -> Answer {
    Answer::of(after("update-ref", world, clone, what))
}

const LOCK_THE_INDEX: &str = "touch \"$(GIT rev-parse --git-dir)/index.lock\"";

#[test]
fn the_branch_is_reset_if_the_index_cannot_be_updated() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    let head = clone.head();
    when_the_branch_has_moved(&world, &clone, LOCK_THE_INDEX).error("IndexLocked");
    assert_eq!(clone.head(), head);
    std::fs::remove_file(clone.dir.join(".git/index.lock")).unwrap();
    clone.publish().pushed(1);
    clone.assert_healthy();
}

#[test]
fn where_the_user_has_built_on_it_the_index_follows_later() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    let what = format!("GIT commit --quiet --allow-empty -m built; {LOCK_THE_INDEX}");
    let answer = when_the_branch_has_moved(&world, &clone, &what);
    assert_eq!(answer.what(), "Pushed", "{}", answer.text());
    std::fs::remove_file(clone.dir.join(".git/index.lock")).unwrap();
    clone.publish();
    assert_eq!(clone.files("HEAD"), ["README", &record]);
    assert_eq!(clone.git(&["diff", "--cached", "--name-only"]), "");
}

/// A `git commit` of the user's that has read the index before us, and writes it back after this time.
fn commit_under_way(world: &World, clone: &Repo, seconds: f64) -> Answer {
    let index = clone.dir.join(".git/index");
    let text = format!(
        "case \"$GIT_INDEX_FILE $* \" in ' '*' --index-info '*)\n\
         cp '{index}' '{index}.old'; GIT \"$@\" || exit; touch '{index}.lock'\n\
         (sleep {seconds}; cp '{index}.old' '{index}'; rm '{index}.lock') >/dev/null 2>&1 & exit;; esac\nexec GIT \"$@\"",
        index = index.display(),
    );
    clone.publisher().env("PATH", world.path_with_git(&text)).run()
}

#[test]
fn a_concurrent_commit_with_an_old_index_removes_no_records() {
    // It ends while the records are pushed, or long after that.
    for seconds in [0.0, 2.0] {
        let world = World::new();
        let (_, clone) = world.origin_and_clone();
        let record = clone.fail("rg_flow");
        commit_under_way(&world, &clone, seconds).pushed(1);
        wait_for("the lock of the index to go", || !clone.dir.join(".git/index.lock").exists());
        clone.publish().expect("NothingToDo", 0);
        assert_eq!(clone.git(&["diff", "--cached", "--name-only"]), "", "{seconds} s");
        assert_eq!(clone.files("HEAD"), ["README", &record]);
    }
}

#[test]
fn the_first_commit_is_also_reset() {
    let world = World::new();
    let clone = world.init("new", &[]);
    clone.fail("rg_flow");
    when_the_branch_has_moved(&world, &clone, LOCK_THE_INDEX).error("IndexLocked");
    assert!(!clone.try_git(&["rev-parse", "--verify", "HEAD"]).status.success());
}

#[test]
fn a_kill_before_the_update_of_the_index_is_repaired_by_the_next_run() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    let mut child = after("update-ref", &world, &clone, "kill -9 $PPID");
    assert!(!child.wait().unwrap().success());
    assert_eq!(clone.git(&["diff", "--cached", "--name-only"]), format!("{record}\n"));
    clone.publish().pushed(1);
    assert_eq!(clone.git(&["diff", "--cached", "--name-only"]), "");
}

#[test]
fn nothing_is_committed_after_a_concurrent_branch_switch() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.git(&["branch", "other"]);
    clone.fail("rg_flow");
    let head = clone.head();
    let what = "GIT symbolic-ref HEAD refs/heads/other";
    Answer::of(after("commit-tree", &world, &clone, what)).error("BranchSwitched");
    assert_eq!(clone.rev("main"), head);
}

#[test]
fn the_index_of_another_branch_is_not_changed() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.git(&["branch", "other"]);
    let record = clone.fail("rg_flow");
    let what = "GIT symbolic-ref HEAD refs/heads/other";
    when_the_branch_has_moved(&world, &clone, what).pushed(1);
    assert_eq!(origin.files("main"), ["README", &record]);
    assert_eq!(clone.git(&["diff", "--cached", "--name-only"]), "");
}

#[test]
fn a_directory_that_disappears_is_named() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    let what = format!("rm -r '{}'", clone.dir.join("io").display());
    let answer = Answer::of(after("commit-tree", &world, &clone, &what)).error("Io");
    assert!(answer.text().contains("io/failures no longer exists"), "{}", answer.text());
}

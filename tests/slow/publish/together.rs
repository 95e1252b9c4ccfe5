//! Several at once, and those that are ended in the middle.

use std::collections::BTreeSet;
use std::process::Child;

use crate::support::{Answer, Repo, World};

/// Publishes once more wherever something was left over.
fn finish(repos: &[Repo], branch: Option<&str>) {
    for repo in repos {
        let order = repo.publisher();
        let answer = branch.into_iter().fold(order, |order, branch| order.branch(branch)).run();
        assert!(["Pushed", "NothingToDo"].contains(&answer.what()), "{}", answer.text());
    }
}

/// Each record is in the branch, and came into it in one commit only.
fn assert_once(origin: &Repo, branch: &str, records: &[String]) {
    let log = origin.git(&["log", "--format=", "--name-only", branch, "--", "io"]);
    let mut found: Vec<&str> = log.lines().filter(|line| !line.is_empty()).collect();
    found.sort_unstable();
    let mut records: Vec<&str> = records.iter().map(String::as_str).collect();
    records.sort_unstable();
    assert_eq!(found, records);
}

#[test]
fn several_processes_in_one_clone() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let mut records = Vec::new();
    let mut children: Vec<Child> = Vec::new();
    for n in 0..4 {
        records.extend((0..5).map(|_| clone.fail("rg_flow")));
        let order = clone.publisher();
        children.push(if n % 2 == 0 { order } else { order.branch("failures") }.spawn());
    }
    for child in children {
        let answer = Answer::of(child);
        assert!(["Pushed", "NothingToDo"].contains(&answer.what()), "{}", answer.text());
    }
    let clones = [clone];
    finish(&clones, None);
    finish(&clones, Some("failures"));
    assert_once(&origin, "main", &records);
    assert_once(&origin, "failures", &records);
    clones[0].assert_healthy();
}

#[test]
fn concurrent_publishing_is_waited_for() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    let lock = std::fs::File::open(clone.dir.join(".git/tracing-failure/lock")).unwrap();
    lock.lock().unwrap();
    clone.fail("rg_flow");
    let answer = clone.publisher().timeout(std::time::Duration::from_millis(200)).run().error("Busy");
    assert!(answer.text().contains("another process is publishing from this clone"), "{}", answer.text());
    let waits = clone.publisher().spawn();
    drop(lock);
    Answer::of(waits).pushed(1);
}

fn several_clones(branch: Option<&str>) {
    let world = World::new();
    let (origin, first) = world.origin_and_clone();
    let mut clones = vec![first];
    clones.extend((1..4).map(|n| world.clone_of(&origin, &format!("clone{n}"))));
    let mut records = Vec::new();
    for _ in 0..2 {
        records.extend(clones.iter().map(|clone| clone.fail("rg_flow")));
        let order = |clone: &Repo| branch.into_iter().fold(clone.publisher(), |order, branch| order.branch(branch));
        let children: Vec<Child> = clones.iter().map(|clone| order(clone).spawn()).collect();
        for child in children {
            Answer::of(child).pushed(1);
        }
    }
    assert_once(&origin, branch.unwrap_or("main"), &records);
    origin.assert_intact();
}

#[test]
fn several_clones_of_one_remote() {
    several_clones(None);
}

#[test]
fn several_clones_share_a_separate_branch() {
    several_clones(Some("failures"));
}

#[test]
fn concurrent_commits_of_the_user_are_kept() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let mut records = Vec::new();
    let mut commits = BTreeSet::new();
    for n in 0..6 {
        records.push(clone.fail("rg_flow"));
        let child = clone.publisher().spawn();
        for m in 0..4 {
            let name = format!("file{n}{m}");
            clone.write(&name, "x\n");
            // What both want at the same time, one of them does not get: people try again as well.
            while !clone.try_git(&["add", &name]).status.success() {}
            while !clone.try_git(&["commit", "--quiet", "-m", &name, "--", &name]).status.success() {}
            commits.insert(name);
        }
        Answer::of(child);
    }
    clone.publish();
    let log = clone.git(&["log", "--format=%s"]);
    assert!(commits.iter().all(|name| log.lines().any(|line| line == name)), "{log}");
    assert_eq!(clone.git(&["status", "--porcelain", "-uno"]), "");
    let on_remote: BTreeSet<String> = origin.files("main").into_iter().filter(|path| path != "README").collect();
    assert_eq!(on_remote, records.into_iter().collect());
}

/// Ends the publisher and its gits at some moment; the next one makes it whole.
#[test]
fn a_killed_process_blocks_no_other() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.write("staged", "staged\n");
    clone.git(&["add", "staged"]);
    let before = clone.state();
    let calls = world.path().join("calls");
    // A git that ends its parent, and all that was to come, after the n-th call of those that change something.
    let text = format!(
        "case \" $* \" in *' rev-parse '*|*' config '*|*' ls-'*|*' cat-file '*|*' symbolic-ref '*|*' check-'*|\
         *' remote '*|*' merge-base '*|*' rev-list '*|*' diff-'*) exec GIT \"$@\";; esac\nprintf x >> '{calls}'\n\
         if [ $(wc -c < '{calls}') -eq \"$KILL_AT\" ]; then\nGIT \"$@\" > /dev/null 2>&1\nkill -9 $PPID\nexit 1\nfi\nexec GIT \"$@\"",
        calls = calls.display(),
    );
    let path = world.path_with_git(&text);
    let mut records = Vec::new();
    let mut killed = 0;
    for at in 1.. {
        records.push(clone.fail("rg_flow"));
        let _ = std::fs::remove_file(&calls);
        let child = clone.publisher().env("PATH", &path).env("KILL_AT", at.to_string()).spawn();
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            break;
        }
        killed += 1;
        let answer = clone.publish();
        assert!(["Pushed", "NothingToDo"].contains(&answer.what()), "{at}: {}", answer.text());
        assert_eq!(origin.files("main").len(), 1 + records.len(), "after call {at}");
        assert_eq!(clone.state(), before, "after call {at}");
    }
    assert!(killed > 8, "{killed}");
    assert_once(&origin, "main", &records);
    clone.assert_healthy();
}

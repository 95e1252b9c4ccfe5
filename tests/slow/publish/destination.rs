//! Where records go: branches that are gone, remotes that have changed, and names of all kinds.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Repo, World};

fn url(repo: &Repo) -> String {
    format!("file://{}", repo.dir.display())
}

#[test]
fn a_branch_that_was_renamed_on_the_remote_is_not_made_again() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    origin.git(&["branch", "-m", "main", "trunk"]);
    for fetch in [false, true] {
        if fetch {
            clone.git(&["fetch", "--quiet", "--prune"]);
        }
        clone.fail("later");
        let answer = clone.publish().expect("Committed: Deleted", 1);
        assert!(answer.text().contains("main") && answer.text().contains("origin"), "{}", answer.text());
        assert_eq!(origin.git(&["branch", "--format=%(refname:short)"]), "trunk\n");
    }
    // Once the user has pushed it, it is there on purpose.
    clone.git(&["push", "--quiet", "origin", "main"]);
    clone.fail("last");
    clone.publish().pushed(1);
}

#[test]
fn a_branch_of_records_that_was_deleted_on_the_remote_is_not_made_again() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    clone.publisher().branch("failures").run().pushed(1);
    origin.git(&["branch", "-D", "failures"]);
    clone.fail("later");
    clone.publisher().branch("failures").run().expect("Committed: Deleted", 1);
    assert_eq!(origin.git(&["branch", "--format=%(refname:short)"]), "main\n");
}

#[test]
fn a_push_url_to_an_empty_repository_does_not_get_commits_of_the_user() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.commit_file("private", "mine\n");
    clone.git(&["push", "--quiet"]);
    let empty = world.bare("empty");
    clone.git(&["remote", "set-url", "--push", "origin", &url(&empty)]);
    clone.fail("rg_flow");
    clone.publish().expect("Committed: NotOnRemote", 1);
    assert_eq!(empty.git(&["for-each-ref"]), "");
}

#[test]
fn another_url_gets_all_records() {
    for same_history in [true, false] {
        let world = World::new();
        let (origin, clone) = world.origin_and_clone();
        let older = world.bare("older");
        if same_history {
            clone.git(&["push", "--quiet", &url(&older), "main"]);
        }
        let branch = if same_history { "main" } else { "failures" };
        let publish = || clone.publisher().branch(branch).run();
        let mut records = vec![clone.fail("a"), clone.fail("b")];
        publish().pushed(2);
        clone.git(&["remote", "set-url", "origin", &url(&older)]);
        publish().pushed(2);
        // The first one has missed what came meanwhile.
        records.push(clone.fail("c"));
        publish().pushed(1);
        clone.git(&["remote", "set-url", "origin", &url(&origin)]);
        publish().pushed(1);
        records.sort();
        for repo in [&origin, &older] {
            let files = repo.files(branch);
            assert!(records.iter().all(|record| files.contains(record)), "{files:?}");
        }
    }
}

/// Makes commits as ours, without a process for each.
fn commit_many(clone: &Repo, count: usize) {
    let mut stream = String::new();
    let body = std::fs::read_to_string(clone.dir.join(clone.fail("template"))).unwrap();
    for n in 0..count {
        let subject = format!("Failure log: 20251227_{n:06}\n");
        write!(stream, "commit refs/heads/failures\ncommitter Ada <ada@example.org> {n} +0000\n").unwrap();
        write!(stream, "data {}\n{subject}", subject.len()).unwrap();
        writeln!(stream, "M 100644 inline io/failures/general_{n:06}.json\ndata {}\n{body}", body.len()).unwrap();
    }
    let mut import = clone.command("git");
    import.args(["fast-import", "--quiet"]).stdin(Stdio::piped());
    let mut import = import.spawn().unwrap();
    import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
}

#[test]
fn many_commits_that_wait_are_pushed() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    commit_many(&clone, 1200);
    clone.publisher().branch("failures").run().pushed(1201);
    assert_eq!(origin.files("failures").len(), 1201);
    assert_eq!(origin.count("failures"), 1201);
}

#[test]
fn a_mirror_and_push_refspecs_are_followed_as_git_push_does() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.git(&["config", "--add", "remote.origin.push", "refs/tags/*:refs/tags/*"]);
    clone.git(&["config", "--add", "remote.origin.push", "+refs/heads/*:refs/heads/ada/*"]);
    let record = clone.fail("rg_flow");
    clone.git(&["push", "--quiet", "origin", "main"]);
    clone.git(&["push", "--quiet", "origin"]);
    clone.publish().pushed(1);
    assert!(origin.files("ada/main").contains(&record));
    assert!(!origin.files("main").contains(&record));
    clone.git(&["config", "--unset-all", "remote.origin.push"]);
    clone.git(&["config", "remote.origin.mirror", "true"]);
    clone.git(&["tag", "private"]);
    let record = clone.fail("again");
    clone.publish();
    assert!(origin.files("main").contains(&record));
    assert_eq!(origin.git(&["tag"]), "");
}

#[test]
fn an_alias_of_a_branch_stays_an_alias() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    clone.publisher().branch("failures").run().pushed(1);
    clone.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/failures"]);
    clone.fail("later");
    let answer = clone.publisher().branch("alias").run();
    assert_eq!(clone.git(&["symbolic-ref", "refs/heads/alias"]), "refs/heads/failures\n");
    match answer.what() {
        "Pushed" => assert_eq!(origin.files("failures").len(), 2),
        what => assert_eq!(what, "Error: Name"),
    }
    assert!(!origin.git(&["branch"]).contains("alias"));
}

#[test]
fn the_name_of_a_branch_is_kept_byte_for_byte() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let name = OsStr::from_bytes(b"caf\xe9");
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let git = |words: &[&OsStr]| assert!(clone.command("git").args(words).output().unwrap().status.success());
    git(&["switch".as_ref(), "--quiet".as_ref(), "-c".as_ref(), name]);
    for n in 0..2 {
        clone.fail("rg_flow");
        clone.publish().pushed(1);
        let names = |repo: &Repo| {
            let output = repo.command("git").args(["for-each-ref", "--format=%(refname)", "refs/heads/"]).output();
            output.unwrap().stdout
        };
        for repo in [&origin, &clone] {
            assert_eq!(names(repo), b"refs/heads/caf\xe9\nrefs/heads/main\n", "{n}");
        }
    }
    assert_eq!(clone.git(&["status", "--porcelain", "-uno"]), "");
}

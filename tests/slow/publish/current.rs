//! Records on the current branch.

use crate::support::{Repo, World, walk};

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

/// Changes of every kind that a user may have open.
fn mess(repo: &Repo) {
    for name in ["staged", "changed", "both", "removed", "renamed", "mode"] {
        repo.write(name, &format!("{name}\n"));
    }
    repo.git(&["add", "."]);
    repo.git(&["commit", "--quiet", "-m", "mess"]);
    repo.write("staged", "staged otherwise\n");
    repo.write("both", "staged\n");
    repo.write("new", "new\n");
    repo.git(&["add", "staged", "both", "new"]);
    repo.write("both", "and changed again\n");
    repo.write("changed", "changed\n");
    repo.write("untracked", "untracked\n");
    repo.write("intended", "intended\n");
    repo.git(&["add", "--intent-to-add", "intended"]);
    repo.git(&["rm", "--quiet", "removed"]);
    repo.git(&["mv", "renamed", "named anew"]);
    repo.git(&["update-index", "--chmod=+x", "mode"]);
    repo.git(&["update-index", "--assume-unchanged", "README"]);
}

#[test]
fn staged_changed_and_untracked_files_are_unchanged() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    mess(&clone);
    clone.git(&["push", "--quiet"]);
    let before = clone.state();
    let record = clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(clone.git(&["diff-files", "--name-only", "--", "io"]), "");
    assert_eq!(clone.state(), before);
    let changed = clone.git(&["diff-tree", "-r", "--name-status", "HEAD^", "HEAD"]);
    assert_eq!(changed, format!("A\t{record}\n"));
    assert_eq!(origin.rev("main"), clone.head());
    let index = clone.git(&["ls-files", "-v", "README"]);
    assert_eq!(index, "h README\n");
    clone.git(&["commit", "--quiet", "-m", "the user goes on"]);
    assert_eq!(clone.git(&["diff-tree", "-r", "--name-only", "HEAD^", "HEAD", "--", "io"]), "");
}

/// Two branches that change the same file.
fn conflict(repo: &Repo) {
    repo.commit_file("file", "base\n");
    repo.git(&["switch", "--quiet", "-c", "other"]);
    repo.commit_file("file", "other\n");
    repo.git(&["switch", "--quiet", "main"]);
    repo.commit_file("file", "main\n");
    repo.git(&["push", "--quiet"]);
}

#[test]
fn a_half_done_merge_can_be_finished() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    conflict(&clone);
    assert!(!clone.try_git(&["merge", "other"]).status.success());
    let before = clone.state();
    assert!(before.contains("u UU"), "{before}");
    let record = clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(clone.state(), before);
    let published = clone.head();
    clone.write("file", "both\n");
    clone.git(&["add", "file"]);
    clone.git(&["commit", "--quiet", "--no-edit"]);
    assert_eq!(clone.rev("HEAD^1"), published);
    assert_eq!(clone.rev("HEAD^2"), clone.rev("other"));
    assert_eq!(clone.files("HEAD"), ["README", "file", &record]);
}

#[test]
fn a_half_done_cherry_pick_can_be_finished() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    conflict(&clone);
    assert!(!clone.try_git(&["cherry-pick", "other"]).status.success());
    let before = clone.state();
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(clone.state(), before);
    clone.write("file", "picked\n");
    clone.git(&["add", "file"]);
    clone.git(&["-c", "core.editor=true", "cherry-pick", "--continue"]);
    assert_eq!(clone.git(&["log", "-1", "--format=%s"]), "file\n");
    assert_eq!(clone.count("HEAD"), 5);
}

#[test]
fn a_cherry_pick_series_blocks_commits_without_a_branch() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    conflict(&clone);
    clone.git(&["switch", "--quiet", "other"]);
    clone.commit_file("more", "more\n");
    clone.git(&["switch", "--quiet", "-"]);
    let head = clone.head();
    assert!(!clone.try_git(&["cherry-pick", "other~1", "other"]).status.success());
    clone.fail("rg_flow");
    clone.publish().error("SeriesInProgress");
    clone.publisher().branch("failures").run().pushed(1);
    clone.git(&["cherry-pick", "--abort"]);
    assert_eq!(clone.head(), head);
    clone.publish().pushed(1);
}

#[test]
fn an_unfinished_rebase_blocks_commits_without_a_branch() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    conflict(&clone);
    assert!(!clone.try_git(&["rebase", "other"]).status.success());
    let (before, head) = (clone.state(), clone.head());
    let record = clone.fail("rg_flow");
    let answer = clone.publish().error("DetachedHead");
    assert!(answer.text().contains("name a branch"), "{}", answer.text());
    clone.publisher().branch("failures").run().pushed(1);
    assert_eq!((clone.state(), clone.head()), (before, head));
    assert_eq!(origin.files("failures"), [record.as_str()]);
    clone.write("file", "rebased\n");
    clone.git(&["add", "file"]);
    clone.git(&["-c", "core.editor=true", "rebase", "--continue"]);
}

#[test]
fn a_record_in_conflict_is_not_changed() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    clone.publish().pushed(1);
    clone.git(&["switch", "--quiet", "-c", "other"]);
    clone.git(&["rm", "--quiet", &record]);
    clone.git(&["commit", "--quiet", "-m", "removed"]);
    clone.git(&["switch", "--quiet", "main"]);
    clone.amend(&record);
    clone.publish().pushed(1);
    assert!(!clone.try_git(&["merge", "other"]).status.success());
    clone.amend(&record);
    let unmerged = clone.git(&["ls-files", "-u"]);
    assert!(!unmerged.is_empty());
    clone.publish().expect("NothingToDo", 0);
    assert_eq!(clone.git(&["ls-files", "-u"]), unmerged);
}

/// Whatever the user throws away: a record is in a commit before it is in the index.
#[test]
fn a_record_is_never_no_more_than_staged() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    // The branch cannot be moved, so nothing is committed.
    let lock = clone.dir.join(".git/refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    clone.publish().error("Git");
    assert_eq!(clone.git(&["diff", "--cached", "--name-only"]), "");
    std::fs::remove_file(&lock).unwrap();
    clone.git(&["reset", "--quiet", "--hard"]);
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), ["README", &record]);
}

#[test]
fn records_that_are_large_together_are_published() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let original: serde_json::Value = serde_json::from_str(include_str!("../../data/original_failure.json")).unwrap();
    for number in 0..5 {
        let mut record = original.clone();
        record["parameters"] = serde_json::json!({ "number": number, "text": "ab ".repeat(700_000) });
        clone.write(&format!("io/failures/general_{number}.json"), &record.to_string());
    }
    clone.publish().pushed(5);
    assert_eq!(origin.files("main").len(), 6);
}

#[test]
fn staged_records_are_also_committed() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    clone.git(&["add", &record]);
    let before = clone.state();
    clone.publish().pushed(1);
    assert_eq!(clone.state(), before);
    assert_eq!(clone.git(&["status", "--porcelain", &record]), "");
}

#[test]
fn records_that_are_amended_are_published_again_and_those_that_are_deleted_stay() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let (amended, deleted) = (clone.fail("rg_flow"), clone.fail("betti_numbers"));
    clone.publish().pushed(2);
    clone.amend(&amended);
    std::fs::remove_file(clone.dir.join(&deleted)).unwrap();
    clone.publish().pushed(1);
    assert!(origin.git(&["show", &format!("main:{amended}")]).contains("take smaller steps"));
    assert!(origin.files("main").contains(&deleted));
    assert_eq!(clone.git(&["status", "--porcelain", "-uno"]), format!(" D {deleted}\n"));
    clone.publish().expect("NothingToDo", 0);
}

#[test]
fn only_records_are_published() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    let original = include_str!("../../data/original_failure.json");
    clone.write("io/failures/general_20251227_042931_756454.json", original);
    clone.write("io/failures/settings.json", "{\"rtol\": 1e-9}\n");
    clone.write("io/failures/.hidden.json", original);
    clone.write("io/failures/notes.md", "notes\n");
    clone.write("io/failures/below/x.json", original);
    clone.write("io/failures/rg_flow_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json", "{ half a reco");
    std::os::unix::fs::symlink("../../README", clone.failures_dir().join("link.json")).unwrap();
    let answer = clone.publish().pushed(2);
    let skipped = answer.get("skipped").as_array().unwrap();
    assert_eq!(skipped.len(), 3, "{skipped:?}");
    assert!(answer.text().contains("link.json left out: it is a symbolic link"), "{}", answer.text());
    assert!(answer.text().contains("settings.json left out: not a failure record: missing field"), "{}", answer.text());
    let files = ["README", "io/failures/general_20251227_042931_756454.json", &record];
    assert_eq!(origin.files("main"), files);
}

#[test]
fn ignored_records_are_counted_by_their_rule() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let known = clone.fail("known");
    clone.publish().pushed(1);
    clone.commit_file(".gitignore", "*.log\n/io/failures/\n");
    clone.git(&["push", "--quiet"]);
    clone.fail("rg_flow");
    clone.fail("betti_numbers");
    let answer = clone.publish().expect("NothingToDo", 0);
    assert_eq!(answer.get("ignored"), &serde_json::json!([[".gitignore:2: /io/failures/", 2]]));
    assert!(
        answer.text().contains("2 records left out by the ignore rule .gitignore:2: /io/failures/"),
        "{}",
        answer.text()
    );
    // A record that git has already is not ignored by git either.
    clone.amend(&known);
    clone.publish().pushed(1);
    clone.publisher().branch("failures").run().pushed(3);
    assert_eq!(origin.files("failures").len(), 3);
    clone.write("io/failures/.gitignore", "*.json\n!betti*\n!topology*\n");
    clone.commit_file(".gitignore", "*.log\n");
    clone.git(&["push", "--quiet"]);
    let answer = clone.publish().pushed(1);
    assert_eq!(answer.get("computations"), &serde_json::json!([["betti_numbers", 1]]));
}

#[test]
fn filters_of_the_repository_apply() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.commit_file(".gitattributes", "*.json text eol=crlf\n");
    clone.git(&["push", "--quiet"]);
    let record = clone.fail("rg_flow");
    let path = clone.dir.join(&record);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    clone.publish().pushed(1);
    assert_eq!(clone.git(&["status", "--porcelain", &record]), "");
    assert_eq!(origin.git(&["show", &format!("main:{record}")]), text);
}

#[test]
fn a_filter_that_makes_no_records_of_records_is_named() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.commit_file(".gitattributes", "*.json filter=pointer\n");
    clone.git(&["push", "--quiet"]);
    clone.git(&["config", "filter.pointer.clean", "echo pointer to; git hash-object --stdin"]);
    clone.fail("rg_flow");
    let answer = clone.publish().expect("NothingToDo", 0);
    assert!(answer.text().contains("left out: for git, no JSON"), "{}", answer.text());
}

#[test]
fn commits_of_the_user_are_not_pushed() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let private = clone.commit_file("private", "not yet for others\n");
    let first = clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), ["README", &first]);
    assert!(!origin.try_git(&["cat-file", "-e", &private]).status.success());
    assert_eq!(clone.rev("HEAD^"), private);
    assert_eq!(clone.rev("origin/main"), origin.rev("main"));
    clone.publish().expect("NothingToDo", 0);
    let second = clone.fail("betti_numbers");
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), ["README", &first, &second]);
    assert!(!origin.try_git(&["cat-file", "-e", &private]).status.success());
    clone.assert_healthy();
}

#[test]
fn a_commit_of_the_user_with_only_records_is_not_pushed() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let first = clone.fail("rg_flow");
    clone.git(&["add", &first]);
    clone.git(&["commit", "--quiet", "-m", "private words"]);
    let second = clone.fail("betti_numbers");
    clone.publish().pushed(2);
    let mut files = vec!["README".to_owned(), first, second];
    files.sort();
    assert_eq!(origin.files("main"), files);
    assert_eq!(origin.git(&["log", "--format=%s", "main"]).matches("private").count(), 0);
}

#[test]
fn an_empty_commit_of_the_user_is_not_pushed() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.git(&["commit", "--quiet", "--allow-empty", "-m", "private words"]);
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(origin.git(&["log", "--format=%s", "main"]).matches("private").count(), 0);
}

#[test]
fn other_files_beside_the_records_are_not_pushed() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.commit_file("io/failures/notes.md", "not yet for others\n");
    clone.commit_file("io/failures/settings.json", "{}\n");
    clone.commit_file("io/failures/below/x.json", include_str!("../../data/original_failure.json"));
    let record = clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), ["README", &record]);
}

/// Publishes two records beside a commit of the user's that is not pushed, and then pulls.
fn pull(how: &str) {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let other = world.clone_of(&origin, "other");
    clone.commit_file("private", "mine\n");
    let mut records = vec![clone.fail("rg_flow")];
    clone.publish().pushed(1);
    other.git(&["pull", "--quiet"]);
    other.commit_file("theirs", "theirs\n");
    other.git(&["push", "--quiet"]);
    records.push(clone.fail("betti_numbers"));
    clone.publish().pushed(1);
    clone.git(&["pull", "--quiet", how]);
    assert_eq!(clone.git(&["status", "--porcelain", "-uno"]), "");
    let mut files = vec!["README".to_owned(), "private".to_owned(), "theirs".to_owned()];
    files.extend(records);
    files.sort();
    assert_eq!(clone.files("HEAD"), files);
    clone.git(&["push", "--quiet"]);
    clone.publish().expect("NothingToDo", 0);
    if how == "--rebase" {
        let log = clone.git(&["log", "--format=%s"]);
        assert_eq!(log.matches("Failure log").count(), 2, "{log}");
    }
}

#[test]
fn pulling_by_rebase_afterwards_is_clean() {
    pull("--rebase");
}

#[test]
fn pulling_by_merge_afterwards_is_clean() {
    pull("--no-rebase");
}

#[test]
fn a_remote_that_has_moved_on_gets_the_records_on_top() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let other = world.clone_of(&origin, "other");
    let theirs = other.commit_file("theirs", "theirs\n");
    other.git(&["push", "--quiet"]);
    let before = clone.head();
    let record = clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), ["README", &record, "theirs"]);
    assert_eq!(origin.rev("main^"), theirs);
    assert_eq!(clone.rev("HEAD^"), before);
    assert!(!clone.dir.join("theirs").exists());
    assert!(!clone.dir.join(".git/FETCH_HEAD").exists());
    clone.git(&["pull", "--quiet", "--rebase"]);
    assert_eq!(clone.head(), origin.rev("main"));
}

/// Others amend and delete what was published; the next record is published alone.
fn others_clean_up(before: impl FnOnce(&Repo)) {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    before(&clone);
    let (amended, deleted) = (clone.fail("rg_flow"), clone.fail("betti_numbers"));
    clone.publish().pushed(2);
    let other = world.clone_of(&origin, "other");
    other.amend(&amended);
    other.git(&["rm", "--quiet", &deleted]);
    other.git(&["commit", "--quiet", "-am", "cleaned up"]);
    other.git(&["push", "--quiet"]);
    let new = clone.fail("chern_number");
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), ["README", &amended, &new]);
    assert!(origin.git(&["show", &format!("main:{amended}")]).contains("take smaller steps"));
}

#[test]
fn remote_amendments_and_deletions_are_kept() {
    others_clean_up(|_| {});
}

#[test]
fn remote_amendments_and_deletions_are_kept_on_diverged_branches() {
    others_clean_up(|clone| drop(clone.commit_file("private", "mine\n")));
}

#[test]
fn a_record_that_others_have_published_is_not_published_twice() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let other = world.clone_of(&origin, "other");
    let record = clone.fail("rg_flow");
    let text = std::fs::read_to_string(clone.dir.join(&record)).unwrap();
    clone.publish().pushed(1);
    other.write(&record, &text);
    other.commit_file("private", "mine\n");
    other.publish().pushed(1);
    assert_eq!(origin.rev("main"), clone.head());
    other.git(&["pull", "--quiet", "--rebase"]);
    assert_eq!(other.files("HEAD"), ["README", &record, "private"]);
}

#[test]
fn a_branch_that_is_not_on_the_remote_is_not_published() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.git(&["switch", "--quiet", "-c", "idea"]);
    clone.commit_file("private", "mine\n");
    clone.fail("rg_flow");
    let answer = clone.publish().expect("Committed: NotOnRemote", 1);
    assert!(answer.text().contains("`git push -u origin idea`"), "{}", answer.text());
    assert_eq!(origin.git(&["branch", "--format=%(refname:short)"]), "main\n");
    clone.git(&["push", "--quiet", "-u", "origin", "idea"]);
    clone.publish().expect("NothingToDo", 0);
    // A branch whose every commit is on the remote already brings nothing but records.
    clone.git(&["switch", "--quiet", "-c", "same"]);
    clone.fail("betti_numbers");
    clone.publish().pushed(1);
    assert_eq!(origin.rev("same"), clone.head());
}

#[test]
fn the_branch_is_pushed_to_its_configured_destination() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let (fork, third) = (world.bare("fork"), world.bare("third"));
    for (name, repo) in [("fork", &fork), ("third", &third)] {
        clone.git(&["remote", "add", name, &format!("file://{}", repo.dir.display())]);
        clone.git(&["push", "--quiet", name, "main"]);
    }
    let has = |repo: &Repo| repo.files("main").len() - 1;
    clone.fail("a");
    clone.publish().pushed(1);
    assert_eq!((has(&origin), has(&fork), has(&third)), (1, 0, 0));
    clone.git(&["config", "remote.pushDefault", "fork"]);
    clone.publish().pushed(1);
    assert_eq!((has(&origin), has(&fork), has(&third)), (1, 1, 0));
    clone.git(&["config", "branch.main.pushRemote", "third"]);
    clone.publish().pushed(1);
    assert_eq!((has(&origin), has(&fork), has(&third)), (1, 1, 1));
    clone.fail("b");
    clone.publisher().remote("origin").run().pushed(1);
    assert_eq!((has(&origin), has(&fork), has(&third)), (2, 1, 1));
    clone.publisher().remote(&format!("file://{}", fork.dir.display())).run().pushed(1);
    assert_eq!((has(&origin), has(&fork), has(&third)), (2, 2, 1));
    clone.publisher().remote("--upload-pack=touch x").run().error("InvalidName");
}

#[test]
fn an_upstream_of_another_name_is_the_destination_where_git_pushes_to_it() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.git(&["push", "--quiet", "origin", "main:trunk"]);
    clone.git(&["fetch", "--quiet"]);
    clone.git(&["switch", "--quiet", "-c", "mine", "--track", "origin/trunk"]);
    clone.fail("rg_flow");
    // By default git does not push a branch to one of another name.
    let answer = clone.publish().pushed(1);
    assert_eq!(answer.get("branch"), "mine");
    assert_eq!(origin.files("trunk"), ["README"]);
    clone.git(&["config", "push.default", "upstream"]);
    let record = clone.fail("betti_numbers");
    let answer = clone.publish().pushed(2);
    assert_eq!(answer.get("branch"), "trunk");
    assert!(origin.files("trunk").contains(&record));
}

#[test]
fn a_remote_with_several_urls_is_not_assumed_to_have_the_records() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let second = world.bare("second.git");
    for place in [&origin, &second] {
        clone.git(&["remote", "set-url", "--add", "--push", "origin", place.dir.to_str().unwrap()]);
    }
    clone.fail("rg_flow");
    let answer = clone.publish().expect("Committed: Failed", 1);
    assert!(answer.text().contains("origin has 2 push URLs: name one of them"), "{}", answer.text());
    clone.publisher().remote(origin.dir.to_str().unwrap()).run().pushed(1);
}

#[test]
fn the_tip_is_read_from_a_separate_push_url() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let fork = world.bare("fork");
    let url = format!("file://{}", fork.dir.display());
    clone.git(&["push", "--quiet", &url, "main"]);
    clone.git(&["config", "remote.origin.pushurl", &url]);
    let other = world.clone_of(&origin, "other");
    other.commit_file("theirs", "theirs\n");
    other.git(&["push", "--quiet"]);
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(fork.rev("main"), clone.head());
}

#[test]
fn the_first_commit_of_a_repository() {
    let world = World::new();
    let origin = world.bare("origin");
    let clone = world.clone_of(&origin, "clone");
    clone.write("staged", "staged\n");
    clone.git(&["add", "staged"]);
    let before = clone.git(&["diff", "--cached"]);
    let record = clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), [record]);
    assert_eq!(clone.git(&["diff", "--cached"]), before);
    assert_eq!(clone.count("main"), 1);
}

#[test]
fn without_a_remote_records_are_committed() {
    let world = World::new();
    let repo = world.init("alone", &[]);
    repo.fail("rg_flow");
    let answer = repo.publish().expect("Committed: NoRemote", 1);
    assert!(answer.text().contains("git remote add"), "{}", answer.text());
    repo.publish().expect("NothingToDo", 0);
    let origin = world.bare("origin");
    repo.git(&["remote", "add", "origin", &format!("file://{}", origin.dir.display())]);
    repo.publish().pushed(1);
}

#[test]
fn planning_does_not_change_the_repository() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    mess(&clone);
    clone.commit_file("private", "mine\n");
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    clone.fail("rg_flow");
    let files =
        || walk(&clone.dir).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect::<Vec<_>>();
    let before = (files(), origin.rev("main"));
    let plan = clone.publisher().plan();
    assert!((files(), origin.rev("main")) == before);
    assert_eq!((plan.records(), plan.get("waiting").as_u64(), plan.get("branch").as_str()), (1, Some(0), Some("main")));
    assert!(
        plan.text().starts_with("1 record to commit to main, to push to origin\n  io/failures/rg_flow_"),
        "{}",
        plan.text()
    );
    let plan = clone.publisher().branch("failures").plan();
    assert_eq!((plan.records(), plan.get("branch").as_str()), (2, Some("failures")));
    assert!((files(), origin.rev("main")) == before);
    clone.git(&["config", "remote.origin.url", "file:///nowhere"]);
    clone.publish().expect("Committed: Offline", 1);
    let plan = clone.publisher().plan();
    assert_eq!((plan.records(), plan.get("waiting").as_u64()), (0, Some(1)), "{}", plan.text());
}

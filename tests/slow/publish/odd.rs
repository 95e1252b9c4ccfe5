//! Repositories of every kind.

use std::os::unix::fs::symlink;

use crate::support::{Order, Repo, World, walk};

#[test]
fn a_linked_work_tree() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.git(&["worktree", "add", "--quiet", "-b", "side", "../side"]);
    clone.git(&["push", "--quiet", "origin", "side"]);
    let side = world.at("side");
    let record = side.fail("rg_flow");
    side.publish().pushed(1);
    assert_eq!(origin.files("side"), ["README", &record]);
    assert_eq!(side.git(&["status", "--porcelain", "-uno"]), "");
    let own = side.fail("rg_flow");
    side.publisher().branch("failures").run().pushed(2);
    assert_eq!(origin.files("failures"), [record, own]);
    side.publisher().branch("main").run().error("BranchInUse");
    clone.assert_healthy();
}

#[test]
fn a_submodule() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let module = world.bare("module");
    let seed = world.clone_of(&module, "seed");
    seed.commit_file("code", "code\n");
    seed.git(&["push", "--quiet", "origin", "main"]);
    let url = format!("file://{}", module.dir.display());
    clone.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "sub"]);
    clone.git(&["commit", "--quiet", "-m", "sub"]);
    let sub = world.at("clone/sub");
    let head = clone.head();
    let record = sub.fail("rg_flow");
    sub.publish().pushed(1);
    assert_eq!(module.files("main"), ["code", &record]);
    assert_eq!(clone.head(), head);
    // Beside it, in the repository around it.
    let outer = clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(clone.git(&["ls-tree", "-r", "--name-only", "origin/main"]), format!("README\n{outer}\n"));
}

#[test]
fn a_symbolic_link_in_the_path() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    symlink(&clone.dir, world.path().join("link")).unwrap();
    symlink("io/failures", clone.dir.join("failures")).unwrap();
    Order::new(&clone, world.path().join("link/failures")).run().pushed(1);
    assert_eq!(origin.files("main"), ["README", &record]);
}

#[test]
fn outside_of_any_repository_and_where_there_is_no_work_tree() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let outside = world.at("outside");
    std::fs::create_dir(&outside.dir).unwrap();
    outside.fail("rg_flow");
    let answer = outside.publish().expect("NoRepository", 0);
    assert!(answer.text().contains("not in a work tree"), "{}", answer.text());
    outside.publisher().plan().expect("Plan", 0);
    clone.fail_in(".git/failures", "rg_flow");
    Order::new(&clone, ".git/failures").run().expect("NoRepository", 0);
    origin.fail_in("failures", "rg_flow");
    Order::new(&origin, "failures").run().expect("NoRepository", 0);
    Order::new(&clone, "no/such/directory").run().error("Io");
}

#[test]
fn objects_by_sha256() {
    let world = World::new();
    let origin = world.init("origin", &["--bare", "--object-format=sha256"]);
    let clone = world.clone_of(&origin, "clone");
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(clone.head().len(), 64);
    clone.publisher().branch("failures").run().pushed(1);
    clone.commit_file("private", "mine\n");
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    clone.publish().expect("NothingToDo", 0);
    assert_eq!((origin.files("main").len(), origin.files("failures").len()), (2, 1));
}

#[test]
fn names_of_all_kinds() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    for dir in ["a b/ü\"quoted'/line\nend", ":!x/*?[a]", "-n", "tab\t\\back", "tail\n"] {
        let record = clone.fail_in(&format!("{dir}/failures"), "rg_flow");
        let seed = format!("{dir}/failures/:(glob)*ü \"x\".json");
        clone.write(&seed, include_str!("../../data/original_failure.json"));
        let order = || Order::new(&clone, clone.dir.join(dir).join("failures"));
        order().plan().expect("Plan", 2);
        order().run().pushed(2);
        order().branch("failures").run().pushed(2);
        order().run().expect("NothingToDo", 0);
        for branch in ["main", "failures"] {
            let files = origin.files(branch);
            assert!(files.contains(&record) && files.contains(&seed), "{files:?}");
        }
    }
    assert_eq!(clone.git(&["status", "--porcelain", "-uno"]), "");
    assert_eq!(origin.files("failures").len(), 10);
}

#[test]
fn a_repository_whose_name_ends_with_a_newline() {
    let world = World::new();
    let origin = world.bare("origin");
    let clone = world.clone_of(&origin, "odd\n");
    clone.fail("rg_flow");
    clone.publisher().plan().expect("Plan", 1);
    clone.publish().pushed(1);
    clone.publisher().branch("failures").run().pushed(1);
    clone.assert_healthy();
}

#[test]
fn a_repository_of_another_user() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    let answer = clone.publisher().env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1").run().error("Git");
    assert!(answer.text().contains("git config --global --add safe.directory"), "{}", answer.text());
}

#[test]
fn without_git() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    let answer = clone.publisher().env("PATH", "/nowhere").run().error("NoGit");
    assert!(answer.text().contains("git is not installed"), "{}", answer.text());
}

#[test]
fn a_shallow_clone() {
    let world = World::new();
    let (origin, full) = world.origin_and_clone();
    for n in 0..5 {
        full.commit_file("file", &format!("{n}\n"));
    }
    full.git(&["push", "--quiet"]);
    let shallow = world.at("shallow");
    world.at("").git(&["clone", "--quiet", "--depth=1", &format!("file://{}", origin.dir.display()), "shallow"]);
    shallow.fail("rg_flow");
    shallow.publish().pushed(1);
    full.git(&["pull", "--quiet"]);
    full.commit_file("file", "another\n");
    full.git(&["push", "--quiet"]);
    let second = shallow.fail("rg_flow");
    shallow.publish().pushed(1);
    shallow.publisher().branch("failures").run().pushed(2);
    assert!(origin.files("main").contains(&second));
    assert_eq!(shallow.git(&["rev-parse", "--is-shallow-repository"]), "true\n");
    shallow.git(&["pull", "--quiet", "--rebase"]);
    origin.assert_intact();
}

#[test]
fn a_clone_without_blobs() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.dir.display());
    world.at("").git(&["clone", "--quiet", "--filter=blob:none", &url, "partial"]);
    let partial = world.at("partial");
    clone.commit_file("theirs", "theirs\n");
    clone.git(&["push", "--quiet"]);
    partial.fail("rg_flow");
    partial.publish().pushed(1);
    assert_eq!(origin.files("main").len(), 4);
}

/// Publishes from a work tree whose index is of another kind than the usual one.
fn with_index(prepare: impl FnOnce(&Repo)) {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.commit_file("kept/file", "kept\n");
    clone.commit_file("dropped/file", "dropped\n");
    clone.git(&["push", "--quiet"]);
    prepare(&clone);
    clone.write("kept/file", "changed\n");
    let before = clone.state();
    let records = [clone.fail("rg_flow"), clone.fail("rg_flow")];
    clone.publish().pushed(2);
    assert_eq!(clone.state(), before);
    assert_eq!(origin.files("main"), ["README", "dropped/file", &records[0], &records[1], "kept/file"]);
}

#[test]
fn a_split_index() {
    with_index(|clone| {
        clone.git(&["config", "core.splitIndex", "true"]);
        clone.git(&["update-index", "--split-index"]);
    });
}

#[test]
fn a_sparse_work_tree() {
    with_index(|clone| drop(clone.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "kept", "io"])));
    with_index(|clone| drop(clone.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "kept"])));
}

#[test]
fn records_that_are_known_are_not_read_again() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.git(&["config", "core.trustctime", "false"]);
    let record = clone.fail("rg_flow");
    let path = clone.dir.join(&record);
    let age = std::time::SystemTime::now() - std::time::Duration::from_secs(1000);
    let set_age = || std::fs::File::options().write(true).open(&path).unwrap().set_modified(age).unwrap();
    set_age();
    clone.publish().pushed(1);
    // Of the same size and age, and no record any more: whoever reads it has to say so.
    let size = std::fs::metadata(&path).unwrap().len() as usize;
    std::fs::write(&path, "x".repeat(size)).unwrap();
    set_age();
    let answer = clone.publish().expect("NothingToDo", 0);
    assert_eq!(answer.get("skipped"), &serde_json::json!([]));
    std::fs::write(&path, "y".repeat(size)).unwrap();
    let answer = clone.publish().expect("NothingToDo", 0);
    assert_eq!(answer.get("skipped").as_array().unwrap().len(), 1);
}

#[test]
fn the_private_index_may_be_missing_or_broken() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let own = clone.dir.join(".git/tracing-failure");
    let mut published = 1;
    let breaks: [&dyn Fn(); 4] = [
        &|| std::fs::remove_dir_all(&own).unwrap(),
        &|| std::fs::write(own.join("index"), "broken").unwrap(),
        &|| std::fs::write(own.join("index.lock"), "").unwrap(),
        &|| std::fs::write(own.join("index"), "").unwrap(),
    ];
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    for harm in breaks {
        harm();
        clone.fail("rg_flow");
        clone.publish().pushed(1);
        published += 1;
    }
    assert_eq!(origin.files("main").len(), 1 + published);
    clone.assert_healthy();
}

#[test]
fn blobs_that_git_has_thrown_away_are_made_again() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.git(&["config", "remote.origin.pushurl", "file:///nowhere"]);
    clone.fail("rg_flow");
    clone.publisher().branch("failures").run();
    clone.git(&["branch", "--quiet", "-D", "failures"]);
    clone.git(&["-c", "gc.reflogExpire=now", "gc", "--quiet", "--prune=now"]);
    clone.git(&["config", "--unset", "remote.origin.pushurl"]);
    clone.publisher().branch("failures").run().pushed(1);
    assert_eq!(origin.files("failures").len(), 1);
    origin.assert_intact();
}

#[test]
fn a_directory_that_is_a_file_in_the_commit() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.commit_file("io", "a file\n");
    std::fs::remove_file(clone.dir.join("io")).unwrap();
    clone.fail("rg_flow");
    let head = clone.head();
    let answer = clone.publish().error("FileInTheWay");
    assert!(answer.text().starts_with("io is a directory on disk"), "{}", answer.text());
    assert_eq!(clone.head(), head);
}

#[test]
fn an_invalid_repository_is_reported_with_the_message_of_git() {
    let world = World::new();
    let broken = world.at("broken");
    broken.fail("rg_flow");
    broken.write(".git", "gitdir: nowhere\n");
    let answer = broken.publish().error("Git");
    assert!(answer.text().contains("not a git repository: "), "{}", answer.text());
}

#[test]
fn only_the_private_index_remains() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let names = |clone: &Repo| -> std::collections::BTreeSet<_> {
        walk(&clone.dir.join(".git"))
            .into_iter()
            .filter(|path| !path.components().any(|part| part.as_os_str() == "objects"))
            .collect()
    };
    let before = names(&clone);
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    let new: Vec<String> =
        names(&clone).difference(&before).map(|path| path.file_name().unwrap().display().to_string()).collect();
    let names: Vec<&str> = new.iter().map(|name| name.split_inclusive('-').next().unwrap()).collect();
    assert_eq!(names, ["index", "lock", "place-", "pushed-"]);
}

//! What must not happen: nothing of the user's runs, nothing is lost, nothing secret goes out.

use std::process::Command;
use std::time::Duration;

use crate::support::{World, script};

#[test]
fn no_hook_no_signature_no_monitor_and_no_tag() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let other = world.clone_of(&origin, "other");
    other.commit_file("theirs", "theirs\n");
    other.git(&["push", "--quiet"]);
    clone.git(&["tag", "-a", "-m", "a tag", "v1"]);
    let ran = world.path().join("ran");
    let note = format!("echo $0 >> '{}'; exit 1", ran.display());
    let hooks = [
        "pre-commit",
        "prepare-commit-msg",
        "commit-msg",
        "post-commit",
        "pre-push",
        "post-index-change",
        "reference-transaction",
        "pre-auto-gc",
        "post-checkout",
        "fsmonitor",
        "gpg",
    ];
    for hook in hooks {
        script(&clone.dir.join(".git/hooks").join(hook), &note);
        script(&world.path().join("hooks").join(hook), &note);
    }
    let hooks = world.path().join("hooks");
    for (name, value) in [
        ("core.fsmonitor", hooks.join("fsmonitor").to_str().unwrap()),
        ("gpg.program", hooks.join("gpg").to_str().unwrap()),
        ("commit.gpgSign", "true"),
        ("push.gpgSign", "if-asked"),
        ("push.followTags", "true"),
        ("push.recurseSubmodules", "check"),
        ("gc.auto", "1"),
    ] {
        clone.git(&["config", name, value]);
    }
    for path in [None, hooks.to_str()] {
        path.inspect(|path| drop(clone.git(&["config", "core.hooksPath", path])));
        clone.fail("rg_flow");
        clone.publish().pushed(1);
        clone.publisher().branch("failures").run();
    }
    assert!(!ran.exists(), "{}", std::fs::read_to_string(&ran).unwrap());
    assert_eq!(origin.git(&["tag"]), "");
    assert_eq!(origin.files("main").len(), 4);
}

#[test]
fn git_variables_of_the_environment_are_ignored() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let wrong = world.init("wrong", &[]);
    wrong.commit_file("wrong", "wrong\n");
    let head = wrong.head();
    clone.fail("rg_flow");
    let order = clone.publisher().env("GIT_DIR", wrong.dir.join(".git")).env("GIT_WORK_TREE", &wrong.dir);
    let order =
        order.env("GIT_INDEX_FILE", wrong.dir.join(".git/index")).env("GIT_OBJECT_DIRECTORY", wrong.dir.join("o"));
    let order =
        order.env("GIT_GLOB_PATHSPECS", "1").env("GIT_PREFIX", "x/").env("GIT_CONFIG_PARAMETERS", "'core.bare=true'");
    order.env("LC_ALL", "de_DE.UTF-8").env("LANGUAGE", "de").run().pushed(1);
    assert_eq!(origin.rev("main"), clone.head());
    assert_eq!((wrong.head(), wrong.git(&["status", "--porcelain"])), (head, String::new()));
}

#[test]
fn tracing_output_of_git_is_ignored() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.commit_file("private", "mine\n");
    clone.fail("rg_flow");
    clone.publisher().env("GIT_TRACE", "1").env("GIT_TRACE_SETUP", "1").run().pushed(1);
    let outside = world.at("outside");
    outside.fail("rg_flow");
    outside.publisher().env("GIT_TRACE", "1").run().expect("NoRepository", 0);
}

#[test]
fn records_are_committed_under_a_default_name() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    std::fs::write(world.path().join("home/gitconfig"), "[user]\n\tuseConfigOnly = true\n").unwrap();
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    let author = origin.git(&["log", "-1", "--format=%an <%ae>|%cn <%ce>", "main"]);
    let ours = format!("tracing-failure <tracing-failure@{}>", gethostname());
    assert_eq!(author.trim(), format!("{ours}|{ours}"));
    clone.fail("rg_flow");
    let order = clone.publisher().env("GIT_AUTHOR_NAME", "Emmy").env("GIT_AUTHOR_EMAIL", "emmy@example.org");
    order.run().pushed(1);
    assert_eq!(origin.git(&["log", "-1", "--format=%an <%ae>", "main"]), "Emmy <emmy@example.org>\n");
}

#[test]
fn an_address_that_git_does_not_take_for_one_is_not_relied_on() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    for (only, address) in [("yes", format!("tracing-failure@{}", gethostname())), ("no", "ada@example.org".to_owned())]
    {
        let config = format!("[user]\n\tuseConfigOnly = {only}\n");
        std::fs::write(world.path().join("home/gitconfig"), config).unwrap();
        clone.fail("rg_flow");
        clone.publisher().env("EMAIL", "ada@example.org").run().pushed(1);
        assert_eq!(origin.git(&["log", "-1", "--format=%ae", "main"]).trim(), address);
    }
}

fn gethostname() -> String {
    String::from_utf8(Command::new("hostname").output().unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn a_stale_lock_is_named_and_kept() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let lock = clone.dir.join(".git/index.lock");
    std::fs::write(&lock, "").unwrap();
    let record = clone.fail("rg_flow");
    let head = clone.head();
    let answer = clone.publisher().timeout(Duration::from_secs(1)).run().error("IndexLocked");
    assert!(answer.text().contains(lock.to_str().unwrap()) && answer.text().contains("remove"), "{}", answer.text());
    assert!(lock.exists());
    assert_eq!(clone.head(), head);
    // A branch of its own needs no index.
    clone.publisher().branch("failures").run().pushed(1);
    std::fs::remove_file(&lock).unwrap();
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), ["README", &record]);
}

#[test]
fn a_temporary_lock_is_waited_for() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let lock = clone.dir.join(".git/index.lock");
    std::fs::write(&lock, "").unwrap();
    clone.fail("rg_flow");
    // It goes while we wait, and comes again once the branch has moved.
    let text = format!(
        "case \" $* \" in *commit-tree*) (sleep 0.2; rm '{lock}') > /dev/null 2>&1 & ;; esac\n\
         GIT \"$@\" || {{ code=$?; case \" $* \" in *index-info*) rm '{lock}';; esac; exit $code; }}\n\
         case \" $* \" in *update-ref*) touch '{lock}';; esac",
        lock = lock.display()
    );
    clone.publisher().env("PATH", world.path_with_git(&text)).run().pushed(1);
    clone.assert_healthy();
}

#[test]
fn a_concurrently_moved_branch_is_read_again() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    let once = world.path().join("once");
    // The user commits after we have looked, and before we move the branch.
    let text = format!(
        "case \" $* \" in *' commit-tree '*) mkdir '{}' 2>/dev/null && \
         GIT -c core.hooksPath=/dev/null commit --quiet --allow-empty -m theirs;; esac; exec GIT \"$@\"",
        once.display()
    );
    clone.publisher().env("PATH", world.path_with_git(&text)).run().pushed(1);
    assert_eq!(clone.git(&["log", "-1", "--skip=1", "--format=%s"]), "theirs\n");
    assert_eq!(clone.git(&["status", "--porcelain", "-uno"]), "");
    assert_eq!(origin.git(&["log", "--format=%s", "main"]).matches("theirs").count(), 0);
}

#[test]
fn a_remote_that_is_set_back_before_it_is_read_is_asked_again() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let other = world.clone_of(&origin, "other");
    other.commit_file("theirs", "theirs\n");
    other.git(&["push", "--quiet"]);
    let record = clone.fail("rg_flow");
    // Between the answer and the fetch, the commit is taken back and thrown away.
    let text = format!(
        "case \" $* \" in *' fetch '*) GIT --git-dir '{origin}' update-ref refs/heads/main main~1 && \
         GIT --git-dir '{origin}' -c gc.pruneExpire=now reflog expire --expire=now --all && GIT --git-dir '{origin}' prune;; esac\n\
         exec GIT \"$@\"",
        origin = origin.dir.display(),
    );
    clone.publisher().env("PATH", world.path_with_git(&text)).run().pushed(1);
    assert_eq!(origin.files("main"), ["README", &record]);
}

#[test]
fn commits_dropped_by_the_remote_are_not_pushed_again() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let first = clone.head();
    clone.commit_file("dropped", "to be dropped\n");
    clone.git(&["push", "--quiet"]);
    let record = clone.fail("rg_flow");
    let once = world.path().join("once");
    let text = format!(
        "case \" $* \" in *' push '*) mkdir '{}' 2>/dev/null && GIT -C '{}' update-ref refs/heads/main {first};; esac; \
         exec GIT \"$@\"",
        once.display(),
        origin.dir.display()
    );
    clone.publisher().env("PATH", world.path_with_git(&text)).run().pushed(1);
    assert_eq!(origin.files("main"), ["README", &record]);
    assert_eq!(origin.rev("main^"), first);
}

#[test]
fn a_branch_with_a_stale_lock_is_named() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let lock = clone.dir.join(".git/refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    clone.fail("rg_flow");
    let answer = clone.publish().error("Git");
    assert!(answer.text().contains("main.lock': File exists"), "{}", answer.text());
    std::fs::remove_file(lock).unwrap();
    clone.publish().pushed(1);
}

#[test]
fn a_full_disk_loses_no_records() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    for n in 0..30 {
        clone.commit_file(&format!("file {n}"), "so that the index has some size\n");
    }
    clone.git(&["push", "--quiet"]);
    clone.write("staged", "staged\n");
    clone.git(&["add", "staged"]);
    let before = clone.state();
    let record = clone.fail("rg_flow");
    let mut failed = 0;
    // No file may grow beyond so many blocks: a write fails half way, in one file after the other.
    for blocks in [1, 2, 3, 4, 6, 100] {
        let mut order = clone.publisher();
        let mut shell = clone.command("sh");
        shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
        shell.arg(order.command.get_program()).args(order.command.get_args());
        shell.envs(order.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        order.command = shell;
        let answer = order.run();
        if answer.what() != "Pushed" && answer.what() != "NothingToDo" {
            failed += 1;
        }
        assert_eq!(clone.state(), before, "{blocks}: {}", answer.text());
        clone.assert_healthy();
    }
    assert!(failed > 1, "{failed}");
    assert_eq!(origin.rev("main"), clone.head());
    assert!(origin.files("main").contains(&record));
    assert_eq!(clone.count("main"), 32);
}

#[test]
fn an_unusable_author_name_is_replaced() {
    for name in ["<>", " ", ",.;"] {
        let world = World::new();
        let (origin, clone) = world.origin_and_clone();
        clone.git(&["config", "user.name", name]);
        clone.fail("rg_flow");
        clone.publish().pushed(1);
        assert_eq!(origin.git(&["log", "-1", "--format=%an", "main"]), "tracing-failure\n");
        clone.git(&["config", "user.name", "Ada"]);
        clone.fail("rg_flow");
        clone.publisher().env("GIT_AUTHOR_NAME", name).run().pushed(1);
        assert_eq!(origin.git(&["log", "-1", "--format=%an", "main"]), "tracing-failure\n");
    }
}

#[test]
fn signature_programs_of_the_user_are_not_run() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let ran = world.path().join("ran");
    let program = world.path().join("gpg");
    script(&program, &format!("touch '{}'; exit 1", ran.display()));
    clone.git(&["config", "log.showSignature", "true"]);
    clone.git(&["config", "gpg.program", program.to_str().unwrap()]);
    // A commit that claims to be signed, and that the remote does not have.
    clone.commit_file("private", "mine\n");
    let body = clone.git(&["cat-file", "commit", "HEAD"]);
    let (head, message) = body.split_once("\n\n").unwrap();
    let signed = format!("{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n{message}");
    clone.write("../commit", &signed);
    let commit = clone.git(&["hash-object", "-w", "-t", "commit", "../commit"]);
    clone.git(&["reset", "--quiet", "--soft", commit.trim()]);
    for branch in ["main", "failures"] {
        clone.fail("rg_flow");
        clone.publisher().branch(branch).run();
    }
    assert!(!ran.exists());
}

//! A repository that several users share.
#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::{Order, Repo, World, walk};

/// Two users of one group.
const USERS: [u32; 2] = [61001, 61002];
const GROUP: u32 = 61000;

/// Runs a program as this user.
fn as_user(mut order: Order, user: u32) -> Order {
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), &format!("--regid={GROUP}"), "--clear-groups", "--"]);
    // Members of a group that work together let it write.
    command.args(["sh", "-c", "umask 022; exec \"$0\" \"$@\""]);
    command.arg(order.command.get_program()).args(order.command.get_args());
    command.envs(order.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(order.command.get_current_dir().unwrap());
    order.command = command;
    order
}

fn open_to_all(dir: &Path) {
    for path in walk(dir).iter().flat_map(|path| path.ancestors().take_while(|path| path.starts_with(dir))) {
        let more = if path.is_dir() { 0o2777 } else { 0o666 };
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode | more)).unwrap();
    }
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output().unwrap().stdout;
    user == b"0\n"
}

/// A clone that its group shares, and that root has made.
fn shared_clone(world: &World) -> (Repo, Repo) {
    let (origin, clone) = world.origin_and_clone();
    for repo in [&origin, &clone] {
        repo.git(&["config", "core.sharedRepository", "group"]);
    }
    let config = world.path().join("home/gitconfig");
    let text = std::fs::read_to_string(&config).unwrap() + "[safe]\n\tdirectory = *\n";
    std::fs::write(config, text).unwrap();
    std::fs::create_dir_all(clone.failures_dir()).unwrap();
    clone.fail("by root");
    let program = world.path().join("publisher");
    std::fs::copy(std::env::current_exe().unwrap(), program).unwrap();
    open_to_all(&world.path());
    let chgrp = Command::new("chgrp").args(["-R", &GROUP.to_string()]).arg(world.path()).status().unwrap();
    assert!(chgrp.success());
    std::fs::set_permissions(world.path(), std::fs::Permissions::from_mode(0o2777)).unwrap();
    (origin, clone)
}

#[test]
fn another_user_of_the_group_can_publish() {
    if !is_root() {
        eprintln!("not tested: only root can become two other users");
        return;
    }
    let world = World::new();
    let (origin, clone) = shared_clone(&world);
    let order = |branch: &str| {
        let mut order = clone.publisher().branch(branch);
        // The program of the tests may lie where only root gets to.
        let mut command = Command::new(world.path().join("publisher"));
        command.args(order.command.get_args()).current_dir(&clone.dir);
        command.envs(order.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        order.command = command;
        order
    };
    for branch in ["main", "failures"] {
        for (round, user) in [USERS[0], USERS[1], USERS[0]].into_iter().enumerate() {
            let record = clone.fail("rg_flow");
            open_to_all(&clone.failures_dir());
            let answer = as_user(order(branch), user).run();
            assert_eq!(answer.what(), "Pushed", "round {round} on {branch}: {}", answer.text());
            assert!(origin.files(branch).contains(&record));
        }
    }
    let private = walk(&clone.dir.join(".git/tracing-failure"));
    let is_shared = |path: &&std::path::PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o060 == 0o060;
    assert_eq!(private.iter().filter(is_shared).count(), private.len(), "{private:?}");
}

//! Objects that git throws away while records are published.

use crate::support::{Repo, World};

/// Removes the objects of records: what a `git gc --prune=now` does that has looked at the references before they
/// moved.
fn throw_away(clone: &Repo, record: &str) {
    let blob = clone.git(&["hash-object", record]);
    let (dir, file) = blob.trim().split_at(2);
    std::fs::remove_file(clone.dir.join(".git/objects").join(dir).join(file)).unwrap();
}

#[test]
fn objects_that_are_thrown_away_between_two_steps_are_made_again() {
    for branch in ["main", "failures"] {
        for (call, what) in [
            ("update-index", "GIT prune --expire=now"),
            ("mktree", "GIT prune --expire=now"),
            ("commit-tree", "GIT prune --expire=now"),
            ("update-ref", "rm -f $(find objects -type f -newer once)"),
        ] {
            let world = World::new();
            let (origin, clone) = world.origin_and_clone();
            let record = clone.fail("rg_flow");
            let once = clone.dir.join(".git/once");
            let text = format!(
                "[ -e '{once}' ] || case \" $* \" in *' cat-file '*) touch '{once}0';; esac\n\
                 GIT \"$@\" || exit\n\
                 case \" $* \" in *' {call} '*) [ -e '{once}' ] || {{ touch -r '{once}0' '{once}'; cd '{git}' && {what}; }};; esac \
                 > /dev/null",
                once = once.display(),
                git = clone.dir.join(".git").display(),
            );
            // Objects of the commits before are older than the mark.
            std::fs::write(clone.dir.join(".git/once0"), "").unwrap();
            let answer = clone.publisher().branch(branch).env("PATH", world.path_with_git(&text)).run();
            let _ = std::fs::remove_file(&once);
            assert_eq!(answer.what(), "Pushed", "{branch}, after {call}: {}", answer.text());
            assert!(origin.files(branch).contains(&record));
            // The log of the branch may name the commit that was removed after `update-ref`.
            clone.git(&["fsck", "--strict", "--connectivity-only", "--no-reflogs"]);
            origin.assert_intact();
        }
    }
}

#[test]
fn a_commit_with_a_missing_record_is_made_whole_from_the_file() {
    for branch in ["main", "failures"] {
        let world = World::new();
        let (origin, clone) = world.origin_and_clone();
        let url = clone.git(&["remote", "get-url", "origin"]);
        clone.git(&["remote", "set-url", "origin", "file:///nowhere"]);
        let record = clone.fail("rg_flow");
        clone.publisher().branch(branch).run().expect("Committed: Offline", 1);
        throw_away(&clone, &record);
        assert!(!clone.try_git(&["fsck", "--connectivity-only"]).status.success());
        clone.git(&["remote", "set-url", "origin", url.trim()]);
        clone.publisher().branch(branch).run().pushed(1);
        assert!(origin.files(branch).contains(&record));
        clone.assert_intact();
    }
}

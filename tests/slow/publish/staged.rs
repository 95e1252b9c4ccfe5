//! Changes that the user has staged stay exactly as they are.

use std::path::Path;

use crate::support::{Repo, World};

/// A clone with a record that was pushed a moment ago.
fn pushed(world: &World) -> (Repo, Repo, String) {
    let (origin, clone) = world.origin_and_clone();
    let record = clone.fail("rg_flow");
    clone.publish().pushed(1);
    (origin, clone, record)
}

fn staged(repo: &Repo) -> String {
    repo.git(&["diff", "--cached", "--raw", "-M"])
}

/// Stages something, publishes twice, and compares.
#[track_caller]
fn assert_untouched(repo: &Repo) {
    let before = staged(repo);
    assert!(!before.is_empty());
    repo.publish();
    assert_eq!(staged(repo), before);
    repo.fail("later");
    repo.publish().pushed(1);
    assert_eq!(staged(repo), before);
}

#[test]
fn a_removal_stays_staged() {
    let world = World::new();
    let (_, clone, record) = pushed(&world);
    clone.git(&["rm", "--quiet", &record]);
    assert_untouched(&clone);
    assert!(!clone.dir.join(&record).exists());
}

#[test]
fn a_removal_from_the_index_alone_stays_staged() {
    let world = World::new();
    let (_, clone, record) = pushed(&world);
    clone.git(&["rm", "--quiet", "--cached", &record]);
    assert_untouched(&clone);
}

#[test]
fn a_removal_stays_staged_although_the_file_has_changed() {
    let world = World::new();
    let (origin, clone, record) = pushed(&world);
    clone.git(&["rm", "--quiet", "--cached", &record]);
    clone.amend(&record);
    let before = origin.git(&["show", &format!("main:{record}")]);
    assert_untouched(&clone);
    assert_eq!(origin.git(&["show", &format!("main:{record}")]), before);
}

#[test]
fn both_parts_of_a_rename_stay_staged() {
    for to in ["io/failures/general_renamed.json", "archive/general_renamed.json"] {
        let world = World::new();
        let (origin, clone, record) = pushed(&world);
        std::fs::create_dir_all(clone.dir.join(Path::new(to).parent().unwrap())).unwrap();
        clone.git(&["mv", &record, to]);
        assert_untouched(&clone);
        assert!(staged(&clone).contains("R100"), "{}", staged(&clone));
        assert!(!origin.files("main").contains(&to.to_owned()));
    }
}

#[test]
fn a_removal_by_a_merge_that_is_not_committed_stays_staged() {
    let world = World::new();
    let (_, clone, record) = pushed(&world);
    clone.git(&["switch", "--quiet", "-c", "cleaned"]);
    clone.git(&["rm", "--quiet", &record]);
    clone.git(&["commit", "--quiet", "-m", "cleaned"]);
    clone.git(&["switch", "--quiet", "main"]);
    clone.git(&["merge", "--quiet", "--no-commit", "--no-ff", "cleaned"]);
    let before = staged(&clone);
    clone.publish();
    assert_eq!(staged(&clone), before);
    assert!(before.contains(" D\t"), "{before}");
}

#[test]
fn a_staged_version_that_differs_from_the_file_is_not_changed() {
    let world = World::new();
    let (origin, clone, record) = pushed(&world);
    clone.amend(&record);
    clone.git(&["add", &record]);
    clone.amend(&record);
    let (head, before) = (clone.head(), staged(&clone));
    let answer = clone.publish();
    assert_eq!((clone.head(), staged(&clone)), (head, before));
    assert!(format!("{answer:?}").contains("staged"), "{answer:?}");
    assert_eq!(origin.rev("main"), clone.head());
    // The same for a record that has no commit yet.
    let new = clone.fail("new");
    clone.git(&["add", &new]);
    clone.amend(&new);
    let before = staged(&clone);
    clone.publish();
    assert_eq!(staged(&clone), before);
    assert!(!origin.files("main").contains(&new));
}

#[test]
fn records_with_skip_worktree_or_assume_unchanged_are_not_changed() {
    for bit in ["--skip-worktree", "--assume-unchanged"] {
        let world = World::new();
        let (origin, clone, record) = pushed(&world);
        clone.git(&["update-index", bit, &record]);
        clone.amend(&record);
        let flags = clone.git(&["ls-files", "-v", "--", "io"]);
        let before = origin.git(&["show", &format!("main:{record}")]);
        clone.publish();
        clone.fail("later");
        clone.publish().pushed(1);
        assert_eq!(origin.git(&["show", &format!("main:{record}")]), before, "{bit}");
        assert!(clone.git(&["ls-files", "-v", "--", "io"]).contains(flags.trim_end()), "{bit}");
    }
}

#[test]
fn a_record_that_is_intended_to_be_added_is_published() {
    let world = World::new();
    let (origin, clone, _) = pushed(&world);
    let record = clone.fail("intended");
    clone.git(&["add", "--intent-to-add", &record]);
    clone.publish().pushed(1);
    assert!(origin.files("main").contains(&record));
    assert_eq!(clone.git(&["status", "--porcelain", &record]), "");
}

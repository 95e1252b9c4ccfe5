//! Every interleaving of what the library does without locks, by loom: `cargo test` in this directory.
//!
//! The file that is checked is the library's own. It finds loom's atomics where it finds the standard library's there.
#![cfg(test)]

#[allow(dead_code)]
#[path = "../../../src/capture/trail/lane.rs"]
mod lane;

mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
}

/// Few, so that there is not much more to interleave than the rule needs.
const RINGS: usize = 2;

use lane::{Lane, Shape, Snapshot};
use loom::sync::Arc;
use loom::thread;

const KEY: u64 = 16;
const SHAPE: Shape = Shape { stride: 2, first: 1, last: 2, grows: false, is_own: true, note: 0 };

fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 100_000;
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

fn open() -> Arc<Lane> {
    let words = Lane::OVERHEAD + 2 * SHAPE.stride * (SHAPE.first + SHAPE.last);
    Arc::new(Lane::open((0..words).map(|_| atomic::AtomicU64::new(0)).collect()))
}

/// A row whose words belong together.
fn write(lane: &Lane, number: u64) {
    let row = lane.ring(KEY).expect("there is a ring").begin().expect("it does not grow");
    row.set(0, number);
    row.set(1, 7 * number);
    row.finish();
}

fn rows(lane: &Lane) -> Option<Snapshot> {
    lane.snapshots().into_iter().find(|snapshot| snapshot.key == KEY)
}

fn assert_whole(snapshot: &Snapshot) {
    for (number, words) in snapshot.rows() {
        assert_eq!(words, [number, 7 * number], "a row of another time, or of two");
        assert!(number < snapshot.seen);
    }
    assert!(snapshot.numbers.is_sorted());
}

#[test]
fn a_reader_sees_whole_rows_while_they_are_overwritten() {
    check(3, || {
        let lane = open();
        lane.make_ring(KEY, SHAPE);
        let reader = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || assert_whole(&rows(&lane).expect("the ring was there before")))
        };
        (0..5).for_each(|number| write(&lane, number));
        reader.join().unwrap();
        assert_eq!(rows(&lane).expect("the ring stays").numbers, [0, 3, 4]);
    });
}

#[test]
fn a_reader_sees_a_new_ring_whole_or_not_at_all() {
    check(3, || {
        let lane = open();
        let reader = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || rows(&lane).iter().for_each(assert_whole))
        };
        lane.make_ring(KEY, SHAPE);
        (0..2).for_each(|number| write(&lane, number));
        reader.join().unwrap();
    });
}

#[test]
fn a_row_that_is_abandoned_harms_nobody() {
    check(3, || {
        let lane = open();
        lane.make_ring(KEY, SHAPE);
        (0..3).for_each(|number| write(&lane, number));
        let reader = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || assert_whole(&rows(&lane).expect("the ring was there before")))
        };
        lane.ring(KEY).expect("there is a ring").begin().expect("it does not grow").abandon();
        write(&lane, 3);
        reader.join().unwrap();
        assert_eq!(rows(&lane).expect("the ring stays").seen, 4);
    });
}

/// A lane that is full is replaced. A reader may still look at it, and looks at the other one later.
#[test]
fn a_reader_sees_the_same_rows_in_a_lane_and_in_the_one_that_replaces_it() {
    check(3, || {
        let old = open();
        let growing = Shape { first: 2, last: 0, grows: true, ..SHAPE };
        old.make_ring(KEY, growing);
        (0..2).for_each(|number| write(&old, number));
        let reader = {
            let old = Arc::clone(&old);
            thread::spawn(move || assert_eq!(rows(&old).expect("the ring stays").numbers, [0, 1]))
        };
        assert!(old.ring(KEY).expect("there is a ring").begin().is_none(), "it is full");
        let new = open();
        new.continue_ring(&rows(&old).expect("there is a ring"), SHAPE);
        (2..4).for_each(|number| write(&new, number));
        reader.join().unwrap();
        assert_whole(&rows(&new).expect("the ring goes on"));
        assert_eq!(rows(&new).expect("the ring goes on").numbers, [0, 2, 3]);
    });
}

#[test]
fn one_thread_at_a_time_writes_and_sees_what_the_last_one_wrote() {
    check(3, || {
        let lane = open();
        lane.make_ring(KEY, SHAPE);
        lane.release();
        let turn = |lane: &Lane| {
            let held = lane.hold();
            if held {
                let seen = rows(lane).expect("the ring stays").seen;
                write(lane, seen);
                lane.release();
            }
            u64::from(held)
        };
        let other = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || turn(&lane))
        };
        let turns = turn(&lane) + other.join().unwrap();
        let snapshot = rows(&lane).expect("the ring stays");
        assert_whole(&snapshot);
        assert!(turns >= 1 && snapshot.seen == turns);
    });
}

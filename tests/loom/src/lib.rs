//! Models of a trail's lane. Loom runs each of them with every interleaving of its threads, up to a number of
//! preemptions.
//!
//! The models include the library's own source file. It imports its atomics from `super::atomic`: loom's here, those of
//! the standard library in the library.
#![cfg(test)]

#[allow(dead_code)]
#[path = "../../../src/observe/trail/lane.rs"]
mod lane;

mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
}

use lane::{Lane, Shape, Snapshot};
use loom::sync::Arc;
use loom::thread;

/// Preemptions of a run. Loom recommends 2 or 3, which find most errors.
const MAX_PREEMPTIONS: usize = 3;
/// Thread switches of a run. A model that exceeds it is too large.
const MAX_BRANCHES: usize = 100_000;

/// Few descriptors, because each of them multiplies the number of interleavings.
const DESCRIPTORS: usize = 2;
const KEY: u64 = 16;
const SHAPE: Shape = Shape { stride: 2, head: 1, tail: 2, grows: false, in_app: true, tag: 0 };

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = MAX_BRANCHES;
    builder.preemption_bound = Some(MAX_PREEMPTIONS);
    builder.check(model);
}

/// A lane with room for two rings of `SHAPE`.
fn open_lane() -> Arc<Lane> {
    let words = Lane::overhead(DESCRIPTORS) + 2 * SHAPE.stride * (SHAPE.head + SHAPE.tail);
    Arc::new(Lane::open((0..words).map(|_| atomic::AtomicU64::new(0)).collect(), DESCRIPTORS))
}

/// Writes a row whose second word follows from its number, so that a reader recognises a torn row.
fn write_row(lane: &Lane, number: u64) {
    let row = lane.ring(KEY).expect("the lane has the ring").begin().expect("the ring overwrites rows");
    row.set(0, number);
    row.set(1, 7 * number);
    row.finish();
}

fn snapshot(lane: &Lane) -> Option<Snapshot> {
    lane.snapshots().into_iter().find(|snapshot| snapshot.key == KEY)
}

fn assert_complete(snapshot: &Snapshot) {
    for (number, words) in snapshot.rows() {
        assert_eq!(words, [number, 7 * number], "row {number} is torn or belongs to another number");
        assert!(number < snapshot.total);
    }
    assert!(snapshot.numbers.is_sorted());
}

#[test]
fn a_reader_sees_complete_rows_while_they_are_overwritten() {
    check(|| {
        let lane = open_lane();
        lane.make_ring(KEY, SHAPE);
        let reader = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || assert_complete(&snapshot(&lane).expect("the lane has the ring")))
        };
        (0..5).for_each(|number| write_row(&lane, number));
        reader.join().unwrap();
        assert_eq!(snapshot(&lane).expect("the lane has the ring").numbers, [0, 3, 4]);
    });
}

#[test]
fn a_reader_sees_a_new_ring_completely_or_not_at_all() {
    check(|| {
        let lane = open_lane();
        let reader = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || snapshot(&lane).iter().for_each(assert_complete))
        };
        lane.make_ring(KEY, SHAPE);
        (0..2).for_each(|number| write_row(&lane, number));
        reader.join().unwrap();
    });
}

#[test]
fn an_abandoned_row_does_not_damage_other_rows() {
    check(|| {
        let lane = open_lane();
        lane.make_ring(KEY, SHAPE);
        (0..3).for_each(|number| write_row(&lane, number));
        let reader = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || assert_complete(&snapshot(&lane).expect("the lane has the ring")))
        };
        lane.ring(KEY).expect("the lane has the ring").begin().expect("the ring overwrites rows").abandon();
        write_row(&lane, 3);
        reader.join().unwrap();
        assert_eq!(snapshot(&lane).expect("the lane has the ring").total, 4);
    });
}

/// A full lane is replaced while readers may still read it. They read the new lane later.
#[test]
fn a_reader_sees_the_same_rows_in_a_full_lane_and_in_its_replacement() {
    check(|| {
        let old = open_lane();
        let growing = Shape { head: 2, tail: 0, grows: true, ..SHAPE };
        old.make_ring(KEY, growing);
        (0..2).for_each(|number| write_row(&old, number));
        let reader = {
            let old = Arc::clone(&old);
            thread::spawn(move || assert_eq!(snapshot(&old).expect("the lane has the ring").numbers, [0, 1]))
        };
        assert!(old.ring(KEY).expect("the lane has the ring").begin().is_none(), "the ring is full");
        let new = open_lane();
        new.continue_ring(&snapshot(&old).expect("the lane has the ring"), SHAPE);
        (2..4).for_each(|number| write_row(&new, number));
        reader.join().unwrap();
        assert_complete(&snapshot(&new).expect("the new lane has the ring"));
        assert_eq!(snapshot(&new).expect("the new lane has the ring").numbers, [0, 2, 3]);
    });
}

/// Writes the row after the last one. Returns false if another thread holds the lane.
fn write_next_row(lane: &Lane) -> bool {
    let is_mine = lane.try_acquire();
    if is_mine {
        let number = snapshot(lane).expect("the lane has the ring").total;
        write_row(lane, number);
        lane.release();
    }
    is_mine
}

#[test]
fn one_thread_at_a_time_writes_and_sees_the_rows_of_its_predecessor() {
    check(|| {
        let lane = open_lane();
        lane.make_ring(KEY, SHAPE);
        lane.release();
        let other = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || write_next_row(&lane))
        };
        let written = u64::from(write_next_row(&lane)) + u64::from(other.join().unwrap());
        let snapshot = snapshot(&lane).expect("the lane has the ring");
        assert_complete(&snapshot);
        assert!(written >= 1 && snapshot.total == written);
    });
}

//! Compares lanes with a plain list. The loom models in `tests/loom` check their interleavings.

use std::sync::Arc;

use proptest::prelude::*;
use tracing::field::{FieldSet, Visit};
use tracing::{Level, Metadata, callsite};

use crate::observe::callsite_table;
use crate::observe::trail::lane::{Lane, Ring, Shape, Snapshot};
use crate::observe::trail::lanes::Trail;
use crate::observe::trail::numbers::Columns;
use crate::observe::trail::paths::PathWord;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::room;
use crate::observe::trail::room::Room;
use crate::observe::trail::want::Want;
use crate::observe::trail::{breadcrumbs, lanes, pool};
use crate::observe::trail_values::{WriteOutcome, write_numbers};
use record::Value;

fn lane(words: usize) -> Lane {
    Lane::open(pool::words(Lane::OVERHEAD + words).unwrap())
}

fn shape(stride: usize, first: usize, last: usize) -> Shape {
    Shape { stride, head: first, tail: last, grows: false, is_own: true, tag: 7 }
}

fn write(lane: &Lane, key: u64, shape: Shape, value: u64) {
    let ring = lane.ring(key).or_else(|| lane.make_ring(key, shape));
    ring.iter().for_each(|ring| write_row(ring, shape.stride, value));
}

fn write_row(ring: &Ring<'_>, stride: usize, value: u64) {
    let Some(row) = ring.begin() else { return };
    (0..stride).for_each(|word| row.set(word, value + word as u64));
    row.finish();
}

/// Writes a row, and makes room for it first, as the writer of a lane does.
fn write_with_room(lane: &mut Lane, want: Want, value: u64) {
    let has_room = lane.ring(want.key).is_some_and(|ring| !ring.is_full());
    if !has_room && let Room::Divided(division) = room::make_room(lane, want, &|_| false) {
        let divided = Lane::open(pool::words(lane.words()).unwrap());
        room::fill(&divided, lane, &division);
        *lane = divided;
    }
    lane.ring(want.key).iter().for_each(|ring| write_row(ring, want.stride, value));
}

fn snapshot(lane: &Lane, key: u64) -> Option<Snapshot> {
    lane.snapshots().into_iter().find(|snapshot| snapshot.key == key)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 256 }))]

    /// For any order of writes, each ring has its first and its last rows.
    #[test]
    fn rings_hold_the_first_rows_and_the_last(
        first in 0..5_usize,
        last in 0..20_usize,
        stride in 1..6_usize,
        keys in prop::collection::vec(1..5_u64, 0..200),
    ) {
        let shape = shape(stride, first, last);
        let lane = lane(stride * (first + last) * 64);
        let mut model = std::collections::BTreeMap::<u64, Vec<u64>>::new();
        for (value, key) in keys.into_iter().enumerate() {
            let value = value as u64;
            write(&lane, key << 4, shape, value);
            model.entry(key << 4).or_default().push(value);
        }
        for (key, values) in model {
            let snapshot = snapshot(&lane, key).unwrap();
            prop_assert_eq!(snapshot.total, values.len() as u64);
            let head = values.len().min(first);
            let tail = head.max(values.len().saturating_sub(last));
            let kept = (0..head).chain(tail..values.len());
            let expected: Vec<(u64, Vec<u64>)> =
                kept.map(|n| (n as u64, (0..stride as u64).map(|word| values[n] + word).collect())).collect();
            let rows: Vec<(u64, Vec<u64>)> = snapshot.rows().map(|(n, words)| (n, words.to_vec())).collect();
            prop_assert_eq!(rows, expected);
        }
    }

    /// A row is read as it was written, even if its memory had other content before.
    #[test]
    fn a_row_reads_no_memory_that_it_did_not_write(
        rows in prop::collection::vec(prop::collection::btree_map(0..130_usize, any::<u64>(), 0..20), 1..6),
        columns in 1..130_usize,
    ) {
        let meta = event_with(columns);
        let lane = lane(130 * 160);
        let want = Columns::of(meta).want(callsite_table::address(meta), true, Retention { head: 2, tail: 64 });
        lane.make_ring(want.key, want.shape(66)).unwrap();
        let mut expected = Vec::new();
        for row in rows {
            let numbers: Vec<Option<u64>> = (0..columns).map(|column| row.get(&column).copied()).collect();
            let record = |visitor: &mut dyn Visit| {
                for (field, number) in meta.fields().iter().zip(&numbers) {
                    number.iter().for_each(|number| visitor.record_u64(&field, *number));
                }
            };
            let any = numbers.iter().any(Option::is_some);
            let outcome = if any { WriteOutcome::Numbers } else { WriteOutcome::NoNumbers };
            prop_assert_eq!(write_numbers(&lane, PathWord::default(), meta, record), outcome);
            expected.extend(any.then_some(numbers));
        }
        let snapshot = snapshot(&lane, callsite_table::address(meta)).unwrap();
        let read = |row| (0..columns).map(|column| Columns::of(meta).value(row, column)).collect::<Vec<_>>();
        let rows: Vec<Vec<Option<Value>>> = snapshot.rows().map(|(_, row)| read(row)).collect();
        let expected: Vec<Vec<Option<Value>>> =
            expected.into_iter().map(|row| row.into_iter().map(|number| number.map(Value::from)).collect()).collect();
        prop_assert_eq!(rows, expected);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 48 }))]

    /// In any amount of room, rows do not mix, and dropped rows are counted.
    #[test]
    fn what_has_no_room_is_counted(
        words in 0..3000_usize,
        events in prop::collection::vec((1..90_u64, 1..40_u64), 0..100),
        last in 0..40_usize,
    ) {
        let retention = Retention { head: 2, tail: last };
        let mut lane = lane(breadcrumbs::WORDS + words);
        let mut written = std::collections::BTreeMap::<u64, u64>::new();
        for (key, rows) in events {
            let want = Want { key: key << 4, stride: 3, tag: 7, is_own: key % 3 == 0, retention };
            for _ in 0..rows {
                let number = written.entry(key).or_default();
                write_with_room(&mut lane, want, 1_000_000 * key + *number);
                *number += 1;
            }
        }
        let snapshots = lane.snapshots();
        let seen: u64 = snapshots.iter().map(|snapshot| snapshot.total).sum();
        prop_assert_eq!(seen + lane.unplaced(), written.values().sum::<u64>());
        for snapshot in snapshots {
            let key = snapshot.key >> 4;
            // A ring that was evicted and created again does not have its earlier rows.
            let before = written[&key] - snapshot.total;
            for (number, words) in snapshot.rows() {
                let value = 1_000_000 * key + before + number;
                prop_assert_eq!(words, [value, value + 1, value + 2]);
            }
            let (rows, kept) = (snapshot.shape.rows() as u64, snapshot.numbers.len() as u64);
            prop_assert_eq!(kept, snapshot.total.min(rows));
            prop_assert!(last == 0 || kept == 0 || snapshot.numbers.last() == Some(&(snapshot.total - 1)));
        }
    }

    /// A short series of the program is complete, whatever libraries write before and after.
    #[test]
    fn a_short_series_of_the_program_is_complete(
        before in prop::collection::vec((100..200_u64, 1..20_u64), 0..60),
        after in prop::collection::vec((100..200_u64, 1..20_u64), 0..60),
        rows in 1..200_u64,
    ) {
        let retention = Retention::default();
        let mut lane = Lane::open(pool::words(lanes::words(retention)).unwrap());
        let of_libraries = |lane: &mut Lane, events: Vec<(u64, u64)>| {
            for (key, rows) in events {
                let want = Want { key: key << 4, stride: 6, tag: 0, is_own: false, retention };
                (0..rows).for_each(|row| write_with_room(lane, want, row));
            }
        };
        of_libraries(&mut lane, before);
        let own = Want { key: 16, stride: 6, tag: 0, is_own: true, retention };
        (0..rows).for_each(|row| write_with_room(&mut lane, own, row));
        of_libraries(&mut lane, after);
        prop_assert_eq!(snapshot(&lane, 16).unwrap().numbers, (0..rows).collect::<Vec<_>>());
    }
}

/// Creates the callsite of an event with this number of fields. It is never freed, as any callsite.
pub(super) fn event_with(columns: usize) -> &'static Metadata<'static> {
    struct Nowhere;
    static NONE: Nowhere = Nowhere;
    impl tracing::Callsite for Nowhere {
        fn set_interest(&self, _: tracing::subscriber::Interest) {}
        fn metadata(&self) -> &Metadata<'_> {
            unreachable!("nobody registers it")
        }
    }
    let name = |column| &*Box::leak(format!("c{column}").into_boxed_str());
    let names: &'static [&'static str] = Vec::leak((0..columns).map(name).collect());
    let fields = FieldSet::new(names, callsite::Identifier(&NONE));
    let meta = Metadata::new("event", "test", Level::DEBUG, None, None, None, fields, tracing::metadata::Kind::EVENT);
    Box::leak(Box::new(meta))
}

#[test]
fn words_in_use_before_are_as_good_as_new() {
    let shape = shape(2, 1, 3);
    let retention = Retention { head: 3, tail: 61 };
    for round in 0..3 {
        let lane = Lane::open(pool::words(lanes::words(retention)).unwrap());
        assert!(snapshot(&lane, 16).is_none(), "round {round}");
        (0..10).for_each(|value| write(&lane, 16, shape, value));
        assert_eq!(snapshot(&lane, 16).unwrap().total, 10);
    }
}

#[test]
fn a_lane_that_nobody_holds_is_used_again() {
    let (trail, retention) = (Trail::default(), Retention { head: 1, tail: 7 });
    let hold = || trail.lease(retention, event_with(1));
    let first = hold().unwrap();
    let beside = hold().unwrap();
    assert_eq!(trail.lanes.lock().unwrap().lanes.len(), 2);
    drop(first);
    drop(hold().unwrap());
    drop(beside);
    let _both = (hold().unwrap(), hold().unwrap());
    assert_eq!(trail.lanes.lock().unwrap().lanes.len(), 2);
}

#[test]
fn a_trail_that_is_dropped_has_no_open_lane() {
    let trail = Trail::default();
    let _held = trail.lease(Retention { head: 1, tail: 7 }, event_with(1)).unwrap();
    let lane = Arc::clone(&trail.lanes.lock().unwrap().lanes[0].lane);
    assert!(lane.is_open());
    drop(trail);
    assert!(!lane.is_open());
}

#[test]
fn a_reader_on_another_thread_sees_whole_rows() {
    let shape = shape(4, 2, 6);
    let lane = Arc::new(lane(200));
    write(&lane, 16, shape, 0);
    let rows = if cfg!(miri) { 300 } else { 200_000 };
    let reader = {
        let lane = Arc::clone(&lane);
        std::thread::spawn(move || {
            let mut seen = 0;
            while seen < rows {
                let snapshot = snapshot(&lane, 16).unwrap();
                for (number, words) in snapshot.rows() {
                    assert_eq!(words, [number, number + 1, number + 2, number + 3]);
                }
                seen = snapshot.total;
            }
        })
    };
    (1..rows).for_each(|value| write(&lane, 16, shape, value));
    reader.join().unwrap();
}

//! Compares lanes with a plain list. The loom models in `tests/loom` check their interleavings.

use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;
use record::Value;

use crate::observe::trail::callsite::Callsite;
use crate::observe::trail::lane::{Lane, Ring, Shape, Snapshot};
use crate::observe::trail::lanes::{DESCRIPTORS, Trail};
use crate::observe::trail::retention::Retention;
use crate::observe::trail::ring_request::RingRequest;
use crate::observe::trail::room;
use crate::observe::trail::value_trail::ValueTrail;
use crate::observe::trail::{breadcrumbs, lanes, pool};

fn lane(words: usize) -> Lane {
    Lane::open(pool::words(Lane::overhead(DESCRIPTORS) + words).unwrap(), DESCRIPTORS)
}

fn shape(stride: usize, first: usize, last: usize) -> Shape {
    Shape { stride, head: first, tail: last, grows: false, in_app: true, tag: 7 }
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
fn write_with_room(lane: &mut Lane, request: RingRequest, value: u64) {
    let has_room = lane.ring(request.key).is_some_and(|ring| !ring.is_full());
    if !has_room && let Some(divided) = room::divided(lane, request, &|_| false) {
        *lane = divided;
    }
    lane.ring(request.key).iter().for_each(|ring| write_row(ring, request.stride, value));
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
            let numbers = (0..head).chain(tail..values.len());
            let expected: Vec<(u64, Vec<u64>)> =
                numbers.map(|n| (n as u64, (0..stride as u64).map(|word| values[n] + word).collect())).collect();
            let rows: Vec<(u64, Vec<u64>)> = snapshot.rows().map(|(n, words)| (n, words.to_vec())).collect();
            prop_assert_eq!(rows, expected);
        }
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
        let mut lane = lane(breadcrumbs::SHARE.words + words);
        let mut written = std::collections::BTreeMap::<u64, u64>::new();
        for (key, rows) in events {
            let request = RingRequest { key: key << 4, stride: 3, tag: 7, in_app: key % 3 == 0, retention, texts: breadcrumbs::SHARE };
            for _ in 0..rows {
                let number = written.entry(key).or_default();
                write_with_room(&mut lane, request, 1_000_000 * key + *number);
                *number += 1;
            }
        }
        let snapshots = lane.snapshots();
        let total: u64 = snapshots.iter().map(|snapshot| snapshot.total).sum();
        prop_assert_eq!(total + lane.unplaced(), written.values().sum::<u64>());
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
        let mut lane = Lane::open(pool::words(lanes::words(retention)).unwrap(), DESCRIPTORS);
        let of_libraries = |lane: &mut Lane, events: Vec<(u64, u64)>| {
            for (key, rows) in events {
                let request = RingRequest { key: key << 4, stride: 6, tag: 0, in_app: false, retention, texts: breadcrumbs::SHARE };
                (0..rows).for_each(|row| write_with_room(lane, request, row));
            }
        };
        of_libraries(&mut lane, before);
        let program = RingRequest { key: 16, stride: 6, tag: 0, in_app: true, retention, texts: breadcrumbs::SHARE };
        (0..rows).for_each(|row| write_with_room(&mut lane, program, row));
        of_libraries(&mut lane, after);
        prop_assert_eq!(snapshot(&lane, 16).unwrap().numbers, (0..rows).collect::<Vec<_>>());
    }
}

#[test]
fn words_in_use_before_are_as_good_as_new() {
    let shape = shape(2, 1, 3);
    let retention = Retention { head: 3, tail: 61 };
    for round in 0..3 {
        let lane = Lane::open(pool::words(lanes::words(retention)).unwrap(), DESCRIPTORS);
        assert!(snapshot(&lane, 16).is_none(), "round {round}");
        (0..10).for_each(|value| write(&lane, 16, shape, value));
        assert_eq!(snapshot(&lane, 16).unwrap().total, 10);
    }
}

#[test]
fn a_lane_that_nobody_holds_is_used_again() {
    let (trail, retention) = (Trail::default(), Retention { head: 1, tail: 7 });
    let hold = || trail.lease(retention);
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
    let _held = trail.lease(Retention { head: 1, tail: 7 }).unwrap();
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

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300_f64).prop_map(Value::from),
        "[a-z]{0,12}".prop_map(Value::from),
        prop::collection::vec(0..9_i64, 0..3).prop_map(|list| Value::List(list.into_iter().map(Value::from).collect())),
    ]
}

/// Writes a row of values, as a program without `tracing` does.
fn write_values(trail: &ValueTrail, callsite: u64, values: Vec<Value>) {
    let key = callsite << 4;
    let (columns, in_app) = (values.len(), callsite.is_multiple_of(2));
    if !trail.has_room(key) {
        if !trail.make_room(key, columns, in_app) {
            return;
        }
        let names = (0..columns).map(|column| format!("c{column}").into()).collect();
        trail.describe(key, Callsite { message: Some(callsite.to_string()), columns: names, ..Callsite::default() });
    }
    trail.write(key, values, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 96 }))]

    /// For any values, each callsite has its latest rows as they were written, and every row is counted.
    #[test]
    fn values_are_read_as_they_were_written(
        rows in prop::collection::vec((1..70_u64, prop::collection::vec(value(), 3), 1..30_usize), 0..80),
        tail in 1..40_usize,
    ) {
        let trail = ValueTrail::new(2, tail);
        let mut written = std::collections::BTreeMap::<u64, Vec<Vec<Value>>>::new();
        for (callsite, values, times) in rows {
            let values = values[..1 + (callsite % 3) as usize].to_vec();
            for _ in 0..times {
                write_values(&trail, callsite, values.clone());
                written.entry(callsite).or_default().push(values.clone());
            }
        }
        let entries = trail.entries(Instant::now());
        let total: u64 = entries.iter().map(|entry| entry.seen).sum();
        prop_assert_eq!(total, written.values().map(Vec::len).sum::<usize>() as u64);
        for entry in entries {
            let Ok(callsite) = entry.message.as_deref().unwrap_or_default().parse::<u64>() else { continue };
            // A callsite that lost its room and got another one does not have its earlier rows.
            let all = &written[&callsite];
            let rows = &all[all.len() - entry.seen as usize..];
            let rows_in_entry = entry.elapsed_s.len();
            prop_assert_eq!(rows_in_entry as u64 + entry.dropped, entry.seen);
            let head = entry.head.unwrap_or(rows_in_entry);
            let expected: Vec<&Vec<Value>> = rows[..head].iter().chain(&rows[rows.len() - (rows_in_entry - head)..]).collect();
            for (column, (_, values)) in entry.columns.iter().enumerate() {
                let expected = expected.iter().map(|row| row[column].clone()).collect();
                prop_assert_eq!(values, &Value::List(expected));
            }
        }
    }
}

/// The texts of overwritten rows take no memory, and those of the other rows stay.
#[test]
fn texts_are_kept_as_long_as_their_rows() {
    let trail = ValueTrail::new(2, 6);
    (0..10_000).for_each(|row| write_values(&trail, 1, vec![format!("row {row}").into()]));
    assert!(trail.objects() < 200, "{}", trail.objects());
    let entry = trail.entries(Instant::now()).remove(0);
    let texts: Vec<Value> = [0, 1].into_iter().chain(9994..10_000).map(|row| format!("row {row}").into()).collect();
    assert_eq!(entry.columns.get("c0"), Some(&Value::List(texts)));
}

#[test]
fn values_without_room_are_counted() {
    let trail = ValueTrail::new(0, 0);
    write_values(&trail, 1, vec![1.into()]);
    assert!(!trail.keeps_any());
    let trail = ValueTrail::new(1, 1);
    (1..=200).for_each(|callsite| write_values(&trail, callsite, vec![1.into()]));
    let unplaced = trail.entries(Instant::now()).pop().unwrap();
    assert_eq!(unplaced.message.as_deref(), Some("more callsites than a trail has room for"));
    assert_eq!(unplaced.seen, 200 - 96);
}

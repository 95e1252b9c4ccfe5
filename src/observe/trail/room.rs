//! Makes room in a lane for the next row of a series.
//!
//! A new series takes as many rows as it can use while there is plenty of space. When space runs out, a new lane with
//! another division replaces the lane: series that use few of their rows return the others, and long series keep only a
//! head and a tail. A series that gave up rows does not grow again. A lane is therefore replaced a bounded number of
//! times, and an event that finds its row costs nothing more.

use crate::observe::trail::division::{Claim, divide};
use crate::observe::trail::lane::{Lane, RingInfo, Shape};
use crate::observe::trail::pool;
use crate::observe::trail::ring_request::{RingRequest, holds_texts};

/// Maximum number of rows in a series that a new one of the same rank may evict.
const MAX_EVICTED_ROWS: u64 = 7;
/// Maximum number of such evictions per lane, so that alternating callsites do not evict each other forever.
const MAX_EVICTIONS: u64 = 64;

/// Returns the number of words that the series of this kind may use.
fn room_of(request: RingRequest, lane: &Lane) -> usize {
    if holds_texts(request.key) { request.texts.words } else { lane.room().saturating_sub(request.texts.words) }
}

/// The rings of a lane that replaces another one.
struct Division {
    shapes: Vec<(u64, Shape)>,
    /// Number of rows in an evicted ring.
    evicted_rows: u64,
    evictions: u64,
}

/// Makes room for the next row of a series. Returns the lane that has to replace this one, if any. `is_home` returns
/// true for a series that belongs to the crate of the computation.
pub(super) fn divided(lane: &Lane, request: RingRequest, is_home: &dyn Fn(u64) -> bool) -> Option<Lane> {
    let division = make_room(lane, request, is_home)?;
    let divided = Lane::open(pool::words(lane.words())?, lane.descriptors());
    fill(&divided, lane, &division);
    Some(divided)
}

/// Returns true if a new series can get a ring.
pub(super) fn admits(lane: &Lane, request: RingRequest, is_home: &dyn Fn(u64) -> bool) -> bool {
    let rings: Vec<RingInfo> = lane.rings().filter(|ring| holds_texts(ring.key) == holds_texts(request.key)).collect();
    has_place(lane, request) || least_valuable(&rings, lane.evictions(), request, is_home).is_some()
}

/// Makes room for the next row, or returns a new division. Returns `None` if the series has room or cannot get any.
fn make_room(lane: &Lane, request: RingRequest, is_home: &dyn Fn(u64) -> bool) -> Option<Division> {
    match lane.ring(request.key) {
        Some(ring) if !ring.is_full() => return None,
        None if has_place(lane, request) && make_ring(lane, request) => return None,
        _ => {}
    }
    let (mut rings, others): (Vec<RingInfo>, Vec<RingInfo>) =
        lane.rings().partition(|ring| holds_texts(ring.key) == holds_texts(request.key));
    let is_new = rings.iter().all(|ring| ring.key != request.key);
    let (mut evicted_rows, mut evictions) = (0, lane.evictions());
    if is_new && !has_place(lane, request) {
        let Some(victim) = least_valuable(&rings, evictions, request, is_home) else {
            lane.count_unplaced(1);
            return None;
        };
        let victim = rings.swap_remove(victim);
        evicted_rows = victim.total;
        evictions += u64::from(victim.shape.in_app == request.in_app);
    }
    if is_new {
        rings.push(RingInfo { key: request.key, shape: request.shape(0), total: 0 });
    }
    let shapes = shapes(&rings, request, room_of(request, lane));
    let keep = |ring: RingInfo| (ring.key, ring.shape);
    let shapes = rings.iter().map(|ring| ring.key).zip(shapes).chain(others.into_iter().map(keep)).collect();
    Some(Division { shapes, evicted_rows, evictions })
}

/// Copies the rings of a lane into its replacement.
fn fill(lane: &Lane, old: &Lane, division: &Division) {
    lane.count_unplaced(old.unplaced() + division.evicted_rows);
    lane.count_evictions(division.evictions);
    for (key, shape) in &division.shapes {
        match old.snapshot_of(*key) {
            Some(ring) => lane.continue_ring(&ring, *shape),
            None => drop(lane.make_ring(*key, *shape)),
        }
    }
}

/// Returns true if a ring descriptor is free for the series.
fn has_place(lane: &Lane, request: RingRequest) -> bool {
    let texts = lane.rings().filter(|ring| holds_texts(ring.key)).count();
    let set_aside = if holds_texts(request.key) { 0 } else { request.texts.rings.saturating_sub(texts) };
    lane.has_places(1 + set_aside)
}

/// Creates a ring if there is enough space. The first texts may use all of their space, other series half of the free
/// space.
fn make_ring(lane: &Lane, request: RingRequest) -> bool {
    let texts: usize = lane.rings().filter(|ring| holds_texts(ring.key)).map(|ring| ring.shape.words()).sum();
    let for_texts = request.texts.words.saturating_sub(texts);
    let free = if holds_texts(request.key) { for_texts } else { lane.free().saturating_sub(for_texts) / 2 };
    let whole = request.retention.head + request.retention.tail;
    let rows = (free / request.stride).min(whole);
    rows >= request.rows(0) && lane.make_ring(request.key, request.shape(rows)).is_some()
}

/// Returns the least valuable ring, if the new one is more valuable. Rings of the computation's crate are the most
/// valuable, then those of the program, then those of libraries; among equals the ring with more rows.
fn least_valuable(
    rings: &[RingInfo],
    evictions: u64,
    request: RingRequest,
    is_home: &dyn Fn(u64) -> bool,
) -> Option<usize> {
    let rank = |key, in_app| (in_app, in_app && is_home(key));
    let value = |ring: &RingInfo| (rank(ring.key, ring.shape.in_app), ring.total);
    let (place, ring) = rings.iter().enumerate().min_by_key(|(_, ring)| value(ring))?;
    let (wanted, least) = (rank(request.key, request.in_app), rank(ring.key, ring.shape.in_app));
    let is_of_less_value = least < wanted;
    let makes_way = least == wanted && ring.total <= MAX_EVICTED_ROWS && evictions < MAX_EVICTIONS;
    (is_of_less_value || makes_way).then_some(place)
}

/// Returns true if the ring has all rows so far and may get more.
fn can_grow(ring: &RingInfo) -> bool {
    ring.shape.grows || ring.total < ring.shape.rows() as u64
}

/// Returns the new shapes of the rings.
fn shapes(rings: &[RingInfo], request: RingRequest, room: usize) -> Vec<Shape> {
    let whole = request.retention.head + request.retention.tail;
    let claim = |ring: &RingInfo| {
        let Shape { stride, in_app, .. } = ring.shape;
        let used = ring.total as usize + usize::from(ring.key == request.key);
        Claim { stride, rows: if can_grow(ring) { request.rows(used) } else { ring.shape.rows() }, in_app }
    };
    let claims: Vec<Claim> = rings.iter().map(claim).collect();
    let mut rows = divide(&claims, room);
    let used: usize = claims.iter().zip(&rows).map(|(claim, rows)| claim.stride * rows).sum();
    // The rest is for this series and for the next new one.
    if let Some(place) = rings.iter().position(|ring| ring.key == request.key)
        && rows[place] == claims[place].rows
        && can_grow(&rings[place])
    {
        rows[place] = (rows[place] + (room - used) / 2 / request.stride).min(whole);
    }
    let shape = |((ring, claim), rows): ((&RingInfo, &Claim), usize)| {
        let is_squeezed = rows < claim.rows;
        if can_grow(ring) && !is_squeezed {
            return RingRequest { stride: ring.shape.stride, tag: ring.shape.tag, in_app: claim.in_app, ..request }
                .shape(rows);
        }
        let (head, tail) = if can_grow(ring) {
            (request.retention.head, request.retention.tail)
        } else {
            (ring.shape.head, ring.shape.tail)
        };
        let tail = tail.min(rows - head.min(rows / 4));
        Shape { head: rows - tail, tail, grows: false, ..ring.shape }
    };
    rings.iter().zip(&claims).zip(rows).map(shape).collect()
}

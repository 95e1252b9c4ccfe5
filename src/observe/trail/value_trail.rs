//! The trail of a program that reports its values by calls, not by events of `tracing`.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use record::internal::Redactor;
use record::{Map, TrailEntry, Value};
use runtime::lock::Mutex;

use crate::observe::clock::{self, Reading};
use crate::observe::trail::callsite::Callsite;
use crate::observe::trail::digest::{SeriesEnds, digest_of};
use crate::observe::trail::lane::Lane;
use crate::observe::trail::objects::Objects;
use crate::observe::trail::paths::PathWord;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::ring_request::{RingRequest, TextShare};
use crate::observe::trail::rows::{Columns, Kind, RowWriter};
use crate::observe::trail::series::{self, Series};
use crate::observe::trail::{pool, room};

/// Number of ring descriptors of the lane.
const DESCRIPTORS: usize = 128;
/// Words per row of the retention. All threads share the lane, so it is larger than that of one thread.
const WORDS_A_ROW: usize = 100;

/// Rows of values by callsite, in one lane for all threads.
///
/// A row may have texts, lists and objects besides numbers. Only a program that holds a global lock anyway should use
/// it; the events of `tracing` go into a `Trail`.
#[derive(Debug)]
pub struct ValueTrail {
    retention: Retention,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The lane, from the first row on.
    lane: Option<Lane>,
    /// The time at which the lane was opened.
    origin: Option<Reading>,
    series: HashMap<u64, (RingRequest, Callsite)>,
    objects: Objects,
}

impl ValueTrail {
    /// Creates an empty trail that keeps this many first and latest rows of each callsite.
    pub fn new(head: usize, tail: usize) -> Self {
        clock::prepare();
        ValueTrail { retention: Retention::new(head, tail), state: Mutex::default() }
    }

    /// Returns true if the trail keeps any rows.
    pub fn keeps_any(&self) -> bool {
        self.retention.keeps_any()
    }

    /// Makes room for the rows of a new callsite. Returns false, and counts a row, if there is none. `key` identifies
    /// the callsite; it is a multiple of 16 and below 2⁵⁶.
    pub fn make_room(&self, key: u64, columns: usize, in_app: bool) -> bool {
        let request = self.request(key, columns, in_app);
        let Some(mut state) = self.state.lock() else { return false };
        state.origin.get_or_insert_with(Reading::now);
        state.make_room(request)
    }

    /// Returns true if a new callsite can get room. Otherwise counts its row, so that it need not be described.
    pub fn admits(&self, in_app: bool) -> bool {
        let request = self.request(0, 1, in_app);
        let Some(state) = self.state.lock() else { return false };
        let Some(lane) = &state.lane else { return true };
        let admits = room::admits(lane, request, &|_| false);
        if !admits {
            lane.count_unplaced(1);
        }
        admits
    }

    fn request(&self, key: u64, columns: usize, in_app: bool) -> RingRequest {
        let request = Columns::new(columns, false).request(key, in_app, self.retention);
        RingRequest { texts: TextShare::NONE, ..request }
    }

    /// Returns true if the trail has room for the rows of a callsite.
    pub fn has_room(&self, key: u64) -> bool {
        self.state.lock().is_some_and(|state| state.series.contains_key(&key))
    }

    /// Describes a callsite, before its first row.
    pub fn describe(&self, key: u64, callsite: Callsite) {
        if let Some(mut state) = self.state.lock()
            && let Some((_, known)) = state.series.get_mut(&key)
        {
            *known = callsite;
        }
    }

    /// Writes a row, and counts the values that have no column. A row of a callsite that has lost its room is counted.
    pub fn write(&self, key: u64, values: Vec<Value>, omitted: usize) {
        if let Some(mut state) = self.state.lock() {
            state.write(key, values, omitted);
        }
    }

    #[cfg(test)]
    pub(crate) fn objects(&self) -> usize {
        self.state.lock().map_or(0, |state| state.objects.count())
    }

    /// Returns the entries of a record, for a computation that was opened at this time.
    pub fn entries(&self, opened: Instant) -> Vec<TrailEntry> {
        self.state.lock().map(|state| state.entries(opened, self.retention)).unwrap_or_default()
    }

    /// Returns the ends of each numeric series, for the closing line of a computation.
    pub(crate) fn digest(&self, redactor: &Redactor) -> Map {
        self.state.lock().map(|state| state.digest(redactor)).unwrap_or_default()
    }
}

impl State {
    fn make_room(&mut self, request: RingRequest) -> bool {
        let retention = request.retention;
        let words = Lane::overhead(DESCRIPTORS) + (retention.head + retention.tail) * WORDS_A_ROW;
        if self.lane.is_none() {
            self.lane = pool::words(words).map(|words| Lane::open(words, DESCRIPTORS));
        }
        let Some(lane) = &self.lane else { return false };
        let divided = room::divided(lane, request, &|_| false);
        let lane = match divided {
            Some(divided) => self.lane.insert(divided),
            None => lane,
        };
        if lane.ring(request.key).is_none() {
            return false;
        }
        self.series.entry(request.key).or_insert_with(|| (request, Callsite::default()));
        self.series.retain(|key, _| lane.ring(*key).is_some());
        true
    }

    fn write(&mut self, key: u64, values: Vec<Value>, omitted: usize) {
        let Some((request, callsite)) = self.series.get_mut(&key) else {
            self.lane.iter().for_each(|lane| lane.count_unplaced(1));
            return;
        };
        callsite.omitted_columns = callsite.omitted_columns.max(omitted);
        let request = *request;
        if self.lane.as_ref().and_then(|lane| lane.ring(key)).is_some_and(|ring| ring.is_full()) {
            self.make_room(request);
        }
        self.sweep();
        let Some(lane) = &self.lane else { return };
        let row = lane.ring(key).and_then(|ring| Some(RowWriter::new(ring.begin()?, ring.tag())));
        let Some(mut row) = row else { return lane.count_unplaced(1) };
        for (column, value) in values.into_iter().enumerate() {
            let (kind, bits) = cell(value, &mut self.objects);
            row.set(column, kind, bits);
        }
        row.finish(clock::tick(), PathWord::default());
    }

    /// Removes the objects of rows that were overwritten.
    fn sweep(&mut self) {
        let Some(lane) = &self.lane else { return };
        if self.objects.needs_sweep() {
            let snapshots = lane.snapshots();
            let numbers = snapshots.iter().flat_map(|snapshot| {
                let columns = Columns::from_tag(snapshot.shape.tag);
                snapshot.rows().flat_map(move |(_, row)| columns.objects(row))
            });
            self.objects.sweep(&numbers.collect::<BTreeSet<u64>>());
        }
    }

    fn digest(&self, redactor: &Redactor) -> Map {
        let Some(lane) = &self.lane else { return Map::new() };
        let series = lane.ends().filter_map(|ends| {
            let (_, callsite) = self.series.get(&ends.key)?;
            Some((callsite.clone(), SeriesEnds::of(&ends)?))
        });
        let mut series: Vec<_> = series.collect();
        series.sort_by_key(|(_, ends)| ends.start());
        digest_of(series.into_iter(), &self.objects, redactor)
    }

    fn entries(&self, opened: Instant, retention: Retention) -> Vec<TrailEntry> {
        let (Some(lane), Some(origin)) = (&self.lane, self.origin) else { return Vec::new() };
        let (now, before) = (Reading::now(), origin.at().saturating_duration_since(opened));
        let seconds = |tick| (before + origin.until(tick, now)).as_secs_f64();
        let mut entries = Vec::new();
        for snapshot in lane.snapshots().iter().filter(|snapshot| snapshot.total > 0) {
            let Some((_, callsite)) = self.series.get(&snapshot.key) else { continue };
            let mut series = Series::default();
            series.add(snapshot, |_| None);
            entries.push(series.keep(retention).entry(callsite.clone(), &self.objects, seconds, |_| false));
        }
        series::sort(&mut entries);
        entries.extend(series::unplaced(lane.unplaced()));
        entries
    }
}

/// Returns the kind and the word of a value.
fn cell(value: Value, objects: &mut Objects) -> (Kind, u64) {
    match value {
        Value::Null => (Kind::Null, 0),
        Value::Bool(value) => (Kind::Bool, value.into()),
        Value::Int(value) => (Kind::Int, value.cast_unsigned()),
        Value::UInt(value) => (Kind::UInt, value),
        Value::Float(value) => (Kind::Float, value.to_bits()),
        object => (Kind::Object, objects.add(object)),
    }
}

//! The first and the last row of each series: enough for the closing line of a computation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use record::internal::{NameKind, Redactor};
use record::{Location, Map, Value};

use crate::observe::trail::callsite::Callsite;
use crate::observe::trail::lane::Snapshot;
use crate::observe::trail::lanes::Trail;
use crate::observe::trail::objects::Objects;
use crate::observe::trail::paths;
use crate::observe::trail::ring_request::holds_texts;
use crate::observe::trail::rows::Columns;

/// Maximum number of series in a digest.
const MAX_SERIES: usize = 16;
/// Maximum number of columns of a series in a digest.
const MAX_COLUMNS: usize = 16;

/// The ends of a series, over all lanes and all spans inside the computation.
#[derive(Debug)]
pub(super) struct SeriesEnds {
    rows: u64,
    first: Vec<u64>,
    last: Vec<u64>,
}

impl Trail {
    /// Returns the ends of each numeric series: `{"newton step":{"residual":{"first":…,"last":…,"rate":…,"rows":…}}}`.
    pub(crate) fn digest(&self, redactor: &Redactor, describe: &dyn Fn(u64) -> Option<Callsite>) -> Map {
        let lanes = self.lanes.lock().map(|lanes| lanes.lanes.clone()).unwrap_or_default();
        let mut series: BTreeMap<u64, SeriesEnds> = BTreeMap::new();
        for snapshot in lanes.iter().flat_map(|lane| lane.lane.ends()).filter(|ends| !holds_texts(ends.key)) {
            let Some(ends) = SeriesEnds::of(&snapshot) else { continue };
            let callsite = paths::callsite_of(snapshot.key);
            match series.get_mut(&callsite) {
                Some(known) => known.merge(ends),
                None => drop(series.insert(callsite, ends)),
            }
        }
        let mut series: Vec<(u64, SeriesEnds)> = series.into_iter().collect();
        series.sort_by_key(|(_, ends)| ends.start());
        let described = series.into_iter().filter_map(|(callsite, ends)| Some((describe(callsite)?, ends)));
        digest_of(described, &Objects::default(), redactor)
    }
}

/// Returns the digest of series that are in the order of their first rows.
pub(super) fn digest_of(
    series: impl Iterator<Item = (Callsite, SeriesEnds)>,
    objects: &Objects,
    redactor: &Redactor,
) -> Map {
    let mut digest = Map::new();
    for (callsite, ends) in series.take(MAX_SERIES) {
        let name = free_series_name(&callsite, redactor, &digest);
        let columns = ends.columns(callsite.columns, objects, redactor);
        if !columns.is_empty() {
            digest.insert(name, columns);
        }
    }
    digest
}

impl SeriesEnds {
    pub(super) fn of(snapshot: &Snapshot) -> Option<Self> {
        let mut rows = snapshot.rows().map(|(_, words)| words);
        let first = rows.next()?.to_vec();
        let last = rows.last().map_or_else(|| first.clone(), <[u64]>::to_vec);
        Some(SeriesEnds { rows: snapshot.total, first, last })
    }

    /// The time of the first row.
    pub(super) fn start(&self) -> u64 {
        Columns::tick(&self.first)
    }

    fn merge(&mut self, other: SeriesEnds) {
        self.rows += other.rows;
        if Columns::tick(&other.first) < Columns::tick(&self.first) {
            self.first = other.first;
        }
        if Columns::tick(&other.last) >= Columns::tick(&self.last) {
            self.last = other.last;
        }
    }

    /// Returns the ends of each column that has numbers, by its name.
    fn columns(&self, names: Vec<Cow<'static, str>>, objects: &Objects, redactor: &Redactor) -> Map {
        let columns = Columns::new(names.len(), false);
        let mut ends = Map::new();
        for (column, name) in names.into_iter().enumerate() {
            let number = |row: &[u64]| columns.value(row, column, objects).filter(|value| value.as_f64().is_some());
            let hidden = match &name {
                Cow::Borrowed(name) => redactor.field(name).hides_numbers(),
                Cow::Owned(name) => redactor.kind_of(name) == NameKind::Password,
            };
            if let (Some(first), Some(last), false) = (number(&self.first), number(&self.last), hidden) {
                ends.insert(name, self.describe(first, last));
                if ends.len() == MAX_COLUMNS {
                    break;
                }
            }
        }
        ends
    }

    fn describe(&self, first: Value, last: Value) -> Map {
        let rate = self.rate(first.as_f64(), last.as_f64());
        let mut column = Map::from_iter([("first", first), ("last", last)]);
        if let Some(rate) = rate {
            column.insert("rate", rate);
        }
        column.insert("rows", self.rows);
        column
    }

    /// Returns the mean factor from one row to the next.
    fn rate(&self, first: Option<f64>, last: Option<f64>) -> Option<f64> {
        let steps = self.rows.checked_sub(1).filter(|steps| *steps > 0)?;
        let rate = (last? / first?).abs().powf(1.0 / steps as f64);
        rate.is_finite().then_some(rate)
    }
}

/// Returns the message of a series, the name of the span whose late fields it has, or its place in the source code. If
/// several series have the same message, the later ones also have their place.
fn free_series_name(callsite: &Callsite, redactor: &Redactor, taken: &Map) -> String {
    let message = callsite.message.as_deref().filter(|message| !message.is_empty());
    let place = place(&callsite.location);
    let Some(name) = message.or(callsite.span.as_deref()) else { return place };
    let name = redactor.text(name);
    if taken.get(&name).is_some() { format!("{name} ({place})") } else { name.into_owned() }
}

fn place(location: &Location) -> String {
    let file = location.file.as_deref().unwrap_or("unknown file");
    location.line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

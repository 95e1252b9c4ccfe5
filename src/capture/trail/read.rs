//! The lanes of a computation as the columns of its record.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::breadcrumbs;
use super::lane::{self, Lane};
use super::numbers::Columns;
use super::{Plan, Trail};
use crate::capture::callsite;
use crate::capture::clock::Reading;
use crate::failure::{Breadcrumb, Location, TrailEntry};
use crate::redact::Redactor;
use crate::sync::lock;
use crate::value::{Map, Value};

/// What a trail has to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    pub(crate) trail: Vec<TrailEntry>,
    pub(crate) breadcrumbs: Vec<Breadcrumb>,
}

/// What the lanes hold of one callsite.
#[derive(Debug, Default)]
struct Series {
    seen: u64,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    tick: u64,
    /// Whether it is one of the first of its lane.
    is_early: bool,
    words: Vec<u64>,
}

/// The rows of a series that its record shows.
struct Kept {
    rows: Vec<Row>,
    /// How many of them lie before the gap.
    head: usize,
}

impl Trail {
    /// What has happened by now. Other threads may go on writing meanwhile.
    pub(crate) fn history(&self, opened: Instant, plan: Plan, redactor: &Redactor) -> History {
        let lanes = lock(&self.lanes).map(|lanes| (lanes.lanes.clone(), lanes.origin));
        let Some((lanes, Some(origin))) = lanes else { return History::default() };
        let now = Reading::now();
        let before = origin.at().saturating_duration_since(opened);
        let seconds = |tick: u64| (before + origin.until(tick, now)).as_secs_f64();
        let mut series = by_callsite(&lanes);
        let said = series.remove(&lane::RESERVED).unwrap_or_default().keep(breadcrumbs::PLAN);
        let entries = series.into_iter().filter_map(|(key, series)| entry(key, series, plan, &seconds, redactor));
        let mut trail: Vec<TrailEntry> = entries.collect();
        trail.sort_by(|a, b| first_seen(a).total_cmp(&first_seen(b)));
        trail.extend(unplaced(&lanes));
        History { trail, breadcrumbs: said.rows.iter().filter_map(|row| breadcrumb(row, &seconds)).collect() }
    }
}

fn by_callsite(lanes: &[Arc<Lane>]) -> BTreeMap<u64, Series> {
    let mut by_callsite = BTreeMap::<u64, Series>::new();
    for snapshot in lanes.iter().flat_map(|lane| lane.snapshots()) {
        let series = by_callsite.entry(snapshot.key).or_default();
        series.seen += snapshot.seen;
        let first = snapshot.first;
        let row =
            |(number, words): (u64, Vec<u64>)| Row { tick: Columns::tick(&words), is_early: number < first, words };
        series.rows.extend(snapshot.rows.into_iter().map(row));
    }
    by_callsite
}

impl Series {
    /// The first rows and the last, over all lanes, in order of time.
    fn keep(mut self, plan: Plan) -> Kept {
        self.rows.sort_by_key(|row| row.tick);
        let head = self.rows.iter().take(plan.first).take_while(|row| row.is_early).count();
        let excess = (self.rows.len() - head).saturating_sub(plan.last);
        self.rows.drain(head..head + excess);
        Kept { rows: self.rows, head }
    }
}

fn entry(
    key: u64,
    series: Series,
    plan: Plan,
    seconds: &impl Fn(u64) -> f64,
    redactor: &Redactor,
) -> Option<TrailEntry> {
    let noted = callsite::noted(key)?;
    let seen = series.seen;
    let Kept { rows, head } = series.keep(plan);
    let columns = Columns::of(noted.meta);
    let dropped = seen.saturating_sub(rows.len() as u64);
    Some(TrailEntry {
        message: noted.message.filter(|message| !message.is_empty()),
        span: noted.meta.is_span().then(|| noted.meta.name().into()),
        level: noted.meta.level().as_str().into(),
        location: Some(Location::of_callsite(noted.meta)),
        seen,
        dropped,
        head: (dropped > 0).then_some(head),
        elapsed_s: rows.iter().map(|row| seconds(row.tick)).collect(),
        columns: redactor.map(values(&rows, columns, columns.names(noted.meta))),
    })
}

/// The columns that hold anything.
fn values(rows: &[Row], columns: Columns, names: impl Iterator<Item = &'static str>) -> Map {
    let column = |(column, name): (usize, &'static str)| {
        let values: Vec<Option<Value>> = rows.iter().map(|row| columns.value(&row.words, column)).collect();
        let any = values.iter().any(Option::is_some);
        any.then(|| (name, Value::List(values.into_iter().map(Option::unwrap_or_default).collect())))
    };
    names.enumerate().filter_map(column).collect()
}

fn breadcrumb(row: &Row, seconds: &impl Fn(u64) -> f64) -> Option<Breadcrumb> {
    let said = breadcrumbs::read(&row.words)?;
    let noted = callsite::noted(said.callsite)?;
    Some(Breadcrumb {
        elapsed_s: seconds(said.tick),
        level: noted.meta.level().as_str().into(),
        message: said.text,
        location: Some(Location::of_callsite(noted.meta)),
    })
}

/// What there was no room for at all.
fn unplaced(lanes: &[Arc<Lane>]) -> Option<TrailEntry> {
    let seen = lanes.iter().map(|lane| lane.unplaced()).sum();
    let message = Some("more callsites than a trail has room for".to_owned());
    (seen > 0).then(|| TrailEntry { message, seen, dropped: seen, ..TrailEntry::default() })
}

fn first_seen(entry: &TrailEntry) -> f64 {
    entry.elapsed_s.first().copied().unwrap_or(f64::INFINITY)
}

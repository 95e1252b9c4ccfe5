//! The lanes of a computation as the columns of its record.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use tracing::Metadata;

use super::division::{Claim, divide};
use super::lane::Lane;
use super::numbers::Columns;
use super::room::holds_texts;
use super::{Plan, Trail};
use super::{breadcrumbs, callsites};
use crate::capture::clock::Reading;
use crate::failure::{Breadcrumb, Location, TrailEntry};
use crate::redact::{REDACTED, Redactor};
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
    is_own: bool,
    seen: u64,
    /// How many of the rows that are kept lie before the gap.
    head: usize,
    rows: Vec<Row>,
    /// The words of the rows, of all lanes.
    words: Vec<u64>,
}

#[derive(Debug)]
struct Row {
    tick: u64,
    /// Whether it is one of the first of its lane.
    is_early: bool,
    words: Range<usize>,
}

impl Trail {
    /// What has happened by now. Other threads may go on writing meanwhile.
    pub(crate) fn history(&self, opened: Instant, plan: Plan, redactor: &Redactor) -> History {
        let lanes = self.lanes.lock().map(|lanes| (lanes.lanes.clone(), lanes.origin));
        let Some((lanes, Some(origin))) = lanes else { return History::default() };
        let (texts, series): (Vec<_>, Vec<_>) = by_key(&lanes).into_iter().partition(|(key, _)| holds_texts(*key));
        let now = Reading::now();
        let before = origin.at().saturating_duration_since(opened);
        let seconds = |tick: u64| (before + origin.until(tick, now)).as_secs_f64();
        let breadcrumbs = breadcrumbs_of(texts.into_iter().map(|(_, series)| series).collect(), &seconds);
        let entries = series.into_iter().filter_map(|(key, series)| entry(key, series, plan, &seconds, redactor));
        let mut trail: Vec<TrailEntry> = entries.collect();
        trail.sort_by(|a, b| first_seen(a).total_cmp(&first_seen(b)));
        trail.extend(unplaced(&lanes));
        History { trail, breadcrumbs }
    }
}

/// The series of all lanes: numbers by callsite, texts by target.
fn by_key(lanes: &[Arc<Lane>]) -> BTreeMap<u64, Series> {
    let mut by_key = BTreeMap::<u64, Series>::new();
    for snapshot in lanes.iter().flat_map(|lane| lane.snapshots()) {
        let series = by_key.entry(snapshot.key).or_default();
        series.is_own = snapshot.shape.is_own;
        series.seen += snapshot.seen;
        for (number, words) in snapshot.rows() {
            let start = series.words.len();
            series.words.extend_from_slice(words);
            let (tick, is_early) = (Columns::tick(words), number < snapshot.shape.first as u64);
            series.rows.push(Row { tick, is_early, words: start..series.words.len() });
        }
    }
    by_key
}

impl Series {
    /// Keeps the first rows and the last, over all lanes, in order of time.
    fn keep(mut self, plan: Plan) -> Self {
        self.rows.sort_by_key(|row| row.tick);
        self.head = self.rows.iter().take(plan.first).take_while(|row| row.is_early).count();
        let excess = (self.rows.len() - self.head).saturating_sub(plan.last);
        self.rows.drain(self.head..self.head + excess);
        self
    }

    fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.rows.iter().map(|row| &self.words[row.words.clone()])
    }
}

fn entry(
    key: u64,
    series: Series,
    plan: Plan,
    seconds: &impl Fn(u64) -> f64,
    redactor: &Redactor,
) -> Option<TrailEntry> {
    let callsite = callsites::recall(key)?;
    let series = series.keep(plan);
    let dropped = series.seen.saturating_sub(series.rows.len() as u64);
    Some(TrailEntry {
        message: callsite.message.filter(|message| !message.is_empty()),
        span: callsite.meta.is_span().then(|| callsite.meta.name().into()),
        level: callsite.meta.level().as_str().into(),
        location: Some(Location::of_callsite(callsite.meta)),
        seen: series.seen,
        dropped,
        head: (dropped > 0).then_some(series.head),
        elapsed_s: series.rows.iter().map(|row| seconds(row.tick)).collect(),
        columns: columns(&series, callsite.meta, redactor),
        omitted_columns: 0,
    })
}

/// The columns that hold anything.
fn columns(series: &Series, meta: &'static Metadata<'static>, redactor: &Redactor) -> Map {
    let columns = Columns::of(meta);
    let column = |(column, name): (usize, &'static str)| {
        let any = series.rows().any(|row| columns.value(row, column).is_some());
        let values = || series.rows().map(|row| columns.value(row, column).unwrap_or_default()).collect();
        let shown = || if redactor.field(name).is_secret { REDACTED.into() } else { Value::List(values()) };
        any.then(|| (name, shown()))
    };
    columns.names(meta).enumerate().filter_map(column).collect()
}

/// The last texts of each target, in order of time.
fn breadcrumbs_of(targets: Vec<Series>, seconds: &impl Fn(u64) -> f64) -> Vec<Breadcrumb> {
    let claim = |series: &Series| Claim { stride: 1, rows: series.rows.len(), is_own: series.is_own };
    let kept = divide(&targets.iter().map(claim).collect::<Vec<_>>(), breadcrumbs::PLAN.last);
    let targets: Vec<Series> =
        targets.into_iter().zip(kept).map(|(series, last)| series.keep(Plan { first: 0, last })).collect();
    let mut rows: Vec<&[u64]> = targets.iter().flat_map(Series::rows).collect();
    rows.sort_by_key(|row| Columns::tick(row));
    rows.into_iter().filter_map(|row| breadcrumb(row, seconds)).collect()
}

fn breadcrumb(row: &[u64], seconds: &impl Fn(u64) -> f64) -> Option<Breadcrumb> {
    let said = breadcrumbs::read(row)?;
    let callsite = callsites::recall(said.callsite)?;
    Some(Breadcrumb {
        elapsed_s: seconds(said.tick),
        level: callsite.meta.level().as_str().into(),
        message: said.text,
        location: Some(Location::of_callsite(callsite.meta)),
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

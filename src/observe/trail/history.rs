//! Reads the lanes of a computation into the columns of a record.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::observe::clock::Reading;
use crate::observe::trail::breadcrumbs;
use crate::observe::trail::callsite::Callsite;
use crate::observe::trail::division::{Claim, divide};
use crate::observe::trail::lane::Snapshot;
use crate::observe::trail::lanes::{LaneWithPaths, Trail};
use crate::observe::trail::objects::Objects;
use crate::observe::trail::paths;
use crate::observe::trail::paths::{PathWord, TrailPath};
use crate::observe::trail::retention::Retention;
use crate::observe::trail::ring_request::holds_texts;
use crate::observe::trail::rows::Columns;
use crate::observe::trail::series::{self, Row, Series};
use record::internal::Redactor;
use record::{Breadcrumb, TrailEntry};
use record::{Map, Value};

/// Maximum number of entries per callsite, one for each path of spans. If there are more paths, they share one entry,
/// with columns for the values of the spans.
const MAX_ENTRIES: usize = 12;

/// The trail and the breadcrumbs of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    pub(crate) trail: Vec<TrailEntry>,
    pub(crate) breadcrumbs: Vec<Breadcrumb>,
}

/// The content of all lanes.
#[derive(Debug)]
struct Contents {
    /// All paths of spans. The first one is empty.
    paths: Vec<TrailPath>,
    /// Text series by target.
    texts: BTreeMap<u64, Series>,
    /// Number series by callsite and path. Series without a path have rows of several paths.
    numbers: BTreeMap<u64, BTreeMap<Option<usize>, Series>>,
}

impl Trail {
    /// Returns the history of a computation up to now. Other threads may write meanwhile.
    pub(crate) fn history(
        &self,
        home: &'static str,
        opened: Instant,
        retention: Retention,
        redactor: &Redactor,
        describe: &dyn Fn(u64) -> Option<Callsite>,
    ) -> History {
        let lanes = self.lanes.lock().map(|lanes| (lanes.lanes.clone(), lanes.origin));
        let Some((lanes, Some(origin))) = lanes else { return History::default() };
        let contents = Contents::of(&lanes);
        let now = Reading::now();
        let before = origin.at().saturating_duration_since(opened);
        let reader = Reader {
            paths: contents.paths,
            home,
            retention,
            redactor,
            describe,
            seconds: |tick| (before + origin.until(tick, now)).as_secs_f64(),
        };
        let breadcrumbs = reader.breadcrumbs(contents.texts.into_values().collect());
        let numbers = contents.numbers.into_iter();
        let mut trail: Vec<TrailEntry> = numbers.flat_map(|(key, series)| reader.entries(key, series)).collect();
        series::sort(&mut trail);
        trail.extend(series::unplaced(lanes.iter().map(|lane| lane.lane.unplaced()).sum()));
        History { trail, breadcrumbs }
    }
}

impl Contents {
    fn of(lanes: &[LaneWithPaths]) -> Self {
        let mut contents =
            Contents { paths: vec![TrailPath::default()], texts: BTreeMap::new(), numbers: BTreeMap::new() };
        for lane in lanes {
            // Read the rows first: a lane stores a path before a row refers to it.
            let snapshots = lane.lane.snapshots();
            let paths = contents.add_paths(lane);
            snapshots.iter().for_each(|snapshot| contents.add(snapshot, &paths));
        }
        contents
    }

    /// Adds the paths of a lane. Returns the index of each path by its word.
    fn add_paths(&mut self, lane: &LaneWithPaths) -> BTreeMap<u64, usize> {
        let mut places = BTreeMap::from([(0, 0)]);
        for (word, path) in lane.paths.all() {
            let known = self.paths.iter().position(|known| *known == path);
            let place = known.unwrap_or_else(|| {
                self.paths.push(path);
                self.paths.len() - 1
            });
            places.insert(word.word(), place);
        }
        places
    }

    fn add(&mut self, snapshot: &Snapshot, paths: &BTreeMap<u64, usize>) {
        if holds_texts(snapshot.key) {
            let path_of = |row: &[u64]| paths.get(&breadcrumbs::path(row).word()).copied();
            return self.texts.entry(snapshot.key).or_default().add(snapshot, path_of);
        }
        let callsite = self.numbers.entry(paths::callsite_of(snapshot.key)).or_default();
        let path_of = |row: &[u64]| paths.get(&Columns::path(row).word()).copied();
        let path = if paths::is_shared(snapshot.key) {
            None
        } else {
            paths.get(&PathWord::of_ring(snapshot.key).word()).copied()
        };
        callsite.entry(path).or_default().add(snapshot, path_of);
    }
}

/// Converts series to entries of the record.
struct Reader<'a, Seconds> {
    paths: Vec<TrailPath>,
    /// The name of the computation's span.
    home: &'static str,
    retention: Retention,
    redactor: &'a Redactor,
    /// Describes a callsite.
    describe: &'a dyn Fn(u64) -> Option<Callsite>,
    seconds: Seconds,
}

impl<Seconds: Fn(u64) -> f64> Reader<'_, Seconds> {
    /// Returns the entries of a callsite: one for each path of spans, or one for all paths if there are too many.
    fn entries(&self, callsite: u64, mut series: BTreeMap<Option<usize>, Series>) -> Vec<TrailEntry> {
        if let Some(shared) = series.remove(&None) {
            match shared.only_path() {
                Some(path) => series.entry(Some(path)).or_default().append(shared),
                None => drop(series.insert(None, shared)),
            }
        }
        if series.contains_key(&None) || series.len() > MAX_ENTRIES {
            let mut all = Series::default();
            series.into_values().for_each(|series| all.append(series));
            series = BTreeMap::from([(None, all)]);
        }
        series.into_iter().filter_map(|(path, series)| self.entry(callsite, path, series)).collect()
    }

    fn entry(&self, key: u64, path: Option<usize>, series: Series) -> Option<TrailEntry> {
        let callsite = (self.describe)(key)?;
        let series = series.keep(self.retention);
        let hides = |name: &Cow<'static, str>| match name {
            Cow::Borrowed(name) => self.redactor.field(name).hides_numbers(),
            Cow::Owned(_) => false,
        };
        let mut entry = series.entry(callsite, &Objects::default(), &self.seconds, hides);
        match path.map(|path| &self.paths[path]) {
            Some(path) => {
                entry.spans = names(path);
                entry.span_fields = self.values(path);
            }
            None => self.add_span_columns(&series, &mut entry),
        }
        Some(entry)
    }

    /// Adds columns for the values of the spans, and for their names if these differ.
    fn add_span_columns(&self, series: &Series, entry: &mut TrailEntry) {
        let path_of = |row: &Row| row.path.map(|path| &self.paths[path]);
        let paths = || series.rows.iter().filter_map(path_of);
        let spans: Vec<_> = paths().next().map(names).unwrap_or_default();
        if paths().all(|path| names(path) == spans) {
            entry.spans = spans;
        } else {
            let shown = |row: &Row| path_of(row).map(|path| Value::from(names(path).join(" > "))).unwrap_or_default();
            self.add_span_column("span", series.rows.iter().map(shown).collect(), entry);
        }
        let mut fields: Vec<&'static str> = Vec::new();
        for (name, _) in paths().flat_map(|path| &path.values) {
            if !fields.contains(name) {
                fields.push(name);
            }
        }
        for name in fields {
            let value = |row: &Row| path_of(row).and_then(|path| self.value(path, name)).unwrap_or_default();
            self.add_span_column(name, series.rows.iter().map(value).collect(), entry);
        }
    }

    fn add_span_column(&self, name: &'static str, values: Vec<Value>, entry: &mut TrailEntry) {
        let is_taken = entry.columns.get(name).is_some();
        let name = if is_taken { Cow::Owned(format!("span.{name}")) } else { Cow::Borrowed(name) };
        entry.columns.insert(name.clone(), Value::List(values));
        entry.span_columns.push(name.into_owned());
    }

    fn value(&self, path: &TrailPath, name: &'static str) -> Option<Value> {
        let (_, value) = path.values.iter().find(|(known, _)| *known == name)?;
        Some(self.redactor.under(self.redactor.field(name).kind, value.clone()))
    }

    fn values(&self, path: &TrailPath) -> Map {
        path.values.iter().filter_map(|(name, _)| Some((*name, self.value(path, name)?))).collect()
    }

    /// Returns the last texts of each target, sorted by time.
    fn breadcrumbs(&self, targets: Vec<Series>) -> Vec<Breadcrumb> {
        let claim = |series: &Series| Claim { stride: 1, rows: series.rows.len(), in_app: series.in_app };
        let lengths = divide(&targets.iter().map(claim).collect::<Vec<_>>(), breadcrumbs::RETENTION.tail);
        let keep = |(series, last): (Series, usize)| series.keep(Retention { head: 0, tail: last });
        let targets: Vec<Series> = targets.into_iter().zip(lengths).map(keep).collect();
        let mut rows: Vec<(&Row, &[u64])> =
            targets.iter().flat_map(|series| series.rows.iter().map(|row| (row, series.words_of(row)))).collect();
        rows.sort_by_key(|(row, _)| row.tick);
        rows.into_iter().filter_map(|(row, words)| self.breadcrumb(row, words)).collect()
    }

    fn breadcrumb(&self, row: &Row, words: &[u64]) -> Option<Breadcrumb> {
        let text = breadcrumbs::read(words)?;
        let callsite = (self.describe)(text.callsite)?;
        let path = row.path.map(|path| &self.paths[path]);
        let innermost = path.map(|path| path.spans.first().map_or(self.home, |span| span.name));
        let mut breadcrumb = Breadcrumb::default();
        breadcrumb.elapsed_s = (self.seconds)(text.tick);
        breadcrumb.level = callsite.level;
        breadcrumb.message = text.text;
        breadcrumb.location = Some(callsite.location);
        breadcrumb.span = innermost.map(Into::into);
        breadcrumb.span_fields = path.map(|path| self.values(path)).unwrap_or_default();
        Some(breadcrumb)
    }
}

/// Returns the names of the spans, outermost first.
fn names(path: &TrailPath) -> Vec<Cow<'static, str>> {
    path.spans.iter().rev().map(|span| Cow::Borrowed(span.name)).collect()
}

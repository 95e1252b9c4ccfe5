//! The spans around a failure, innermost first, as owned data.

use std::borrow::Cow;
use std::sync::Arc;

use tracing::Metadata;
use uuid::Uuid;

use crate::observe::attribution::OpeningTimes;
use crate::observe::callsite::{COMPUTATION, RESERVED_IN_SPANS, SpanRole, THEORETICAL_REF};
use crate::observe::error_chain::TracedSpan;
use crate::observe::open_spans::{Computation, FollowedSpan, OpenSpans};
use crate::observe::trail::history::History;
use crate::observe::trail::retention::Retention;
use record::internal::Redactor;
use record::{Category, Limits, Map, SpanEntry, Value};

/// A span id and the callsite of the span.
pub(crate) type SpanKey = (u64, &'static Metadata<'static>);

/// The spans around a failure, innermost first.
#[derive(Debug, Default)]
pub(crate) struct SpanPath {
    spans: Vec<PathSpan>,
}

#[derive(Debug)]
struct PathSpan {
    id: u64,
    meta: &'static Metadata<'static>,
    fields: Map,
    computation: Option<Arc<Computation>>,
    follows: Vec<FollowedSpan>,
}

impl SpanPath {
    pub(crate) fn of(open_spans: &OpenSpans, path: &[SpanKey], limits: &Limits, redactor: &Redactor) -> Self {
        let spans = path.iter().map(|&(id, meta)| {
            let tracked = open_spans.with(id, |open_span| {
                let fields = open_span.fields.to_map(&[], limits, redactor);
                (fields, open_span.as_computation().cloned(), open_span.follows.clone())
            });
            let (fields, computation, follows) = tracked.unwrap_or_default();
            PathSpan { id, meta, fields, computation, follows }
        });
        SpanPath { spans: spans.collect() }
    }

    /// Returns the spans in which an error was created. Spans that are closed are described by the SpanTrace.
    pub(crate) fn created_in(
        open_spans: &OpenSpans,
        trace: &[TracedSpan],
        limits: &Limits,
        redactor: &Redactor,
    ) -> Vec<SpanEntry> {
        let chain: Vec<_> = trace.iter().map(|span| span.meta).collect();
        let open = open_spans.find(&chain);
        let steps: Vec<SpanKey> = open.into_iter().zip(chain).collect();
        let mut entries = Self::of(open_spans, &steps, limits, redactor).entries(trace.len());
        entries.extend(Self::of_trace(&trace[entries.len()..]));
        entries.truncate(limits.spans);
        entries
    }

    /// Converts a SpanTrace. It has the fields of each span as one text.
    pub(crate) fn of_trace(trace: &[TracedSpan]) -> Vec<SpanEntry> {
        let entries = trace.iter().map(|span| {
            let mut entry = new_entry(span.meta);
            if !span.fields.is_empty() {
                entry.fields.insert("fields", &*span.fields);
            }
            entry
        });
        entries.collect()
    }

    /// Returns the innermost value of a field that names something, and the index of its span.
    fn named(&self, field: &str) -> Option<(usize, Cow<'_, str>)> {
        self.spans.iter().enumerate().find_map(|(index, span)| {
            let text = match span.fields.get(field)? {
                Value::Null => None,
                Value::String(text) if text.is_empty() => None,
                Value::String(text) => Some(Cow::Borrowed(text.as_str())),
                other => Some(Cow::Owned(other.to_string())),
            };
            Some((index, text?))
        })
    }

    pub(crate) fn computation(&self) -> Option<String> {
        self.field(COMPUTATION)
    }

    pub(crate) fn theoretical_ref(&self) -> Option<String> {
        self.field(THEORETICAL_REF)
    }

    fn field(&self, name: &str) -> Option<String> {
        self.named(name).map(|(_, text)| text.into_owned())
    }

    /// Returns the category that a span names. A field `category` with another value is only a parameter.
    pub(crate) fn category(&self) -> Option<String> {
        let named = self.spans.iter().find_map(|span| Category::from_name(span.fields.get("category")?.as_str()?));
        named.map(|category| category.name().to_owned())
    }

    /// Returns the index of the innermost span that names a computation or its reference.
    fn marked_index(&self) -> Option<usize> {
        self.spans.iter().position(|span| SpanRole::of(span.meta).is_marked())
    }

    /// Returns the innermost computation.
    pub(crate) fn innermost(&self) -> Option<&Arc<Computation>> {
        self.spans[self.marked_index()?].computation.as_ref()
    }

    /// Returns the innermost computation if it has this name.
    pub(crate) fn owner(&self, computation: &str) -> Option<&Arc<Computation>> {
        let (_, name) = self.named(COMPUTATION)?;
        let innermost = self.spans[self.marked_index()?].computation.as_ref();
        if name == computation { innermost } else { None }
    }

    /// Returns the computations to which a failure of this name belongs, and the enclosing ones, innermost first.
    pub(crate) fn owners(&self, computation: &str) -> (Vec<&Computation>, Vec<&Computation>) {
        let named = self.named(COMPUTATION).filter(|(_, name)| name == computation);
        let owned = named.map_or(0, |(index, _)| index + 1);
        let (own, around) = self.spans.split_at(owned);
        (computations(own), computations(around))
    }

    /// Returns the span ids from the innermost up to that of the innermost computation.
    pub(crate) fn ids(&self) -> Arc<[u64]> {
        let count = self.marked_index().map_or(0, |index| index + 1);
        self.spans[..count].iter().map(|span| span.id).collect()
    }

    /// Returns the fields of the computation's span and of the spans around it. Inner values replace outer ones. If an
    /// event names the computation, its fields come first, followed by those of all spans.
    pub(crate) fn parameters(&self, of_event: Option<Map>, used: &[&str]) -> Map {
        let innermost = if of_event.is_some() { 0 } else { self.marked_index().unwrap_or(0) };
        let mut parameters = of_event.unwrap_or_default();
        for (index, span) in self.spans.iter().enumerate().skip(innermost) {
            let is_used = |name: &str| index == 0 && used.contains(&name);
            parameters.add_missing(&span.fields, |name| !RESERVED_IN_SPANS.contains(&name) && !is_used(name));
        }
        parameters
    }

    /// Returns the times at which the enclosing computations were opened, innermost first.
    pub(crate) fn opening_times(&self) -> OpeningTimes {
        OpeningTimes(self.spans.iter().filter_map(|span| Some(span.computation.as_ref()?.opened())).collect())
    }

    /// Returns the seconds since the innermost computation was opened, on the time scale of the trail.
    pub(crate) fn elapsed_s(&self) -> Option<f64> {
        let computation = self.spans[self.marked_index()?].computation.as_ref()?;
        Some(computation.named().unwrap_or(computation).elapsed().as_secs_f64())
    }

    /// Returns the history of the computation of this name.
    pub(crate) fn history(&self, computation: &str, retention: Retention, redactor: &Redactor) -> History {
        let owner = self.owner(computation);
        owner.map(|owner| owner.history(retention, redactor)).unwrap_or_default()
    }

    /// Returns a failure of a computation from which this one follows.
    pub(crate) fn followed_failure(&self) -> Option<Uuid> {
        let count = self.marked_index().map_or(0, |index| index + 1);
        let mut followed = self.spans[..count].iter().flat_map(|span| &span.follows);
        followed.find_map(|followed| followed.computation.as_ref()?.failure())
    }

    pub(crate) fn entries(&self, limit: usize) -> Vec<SpanEntry> {
        let entries = self.spans.iter().take(limit).map(|span| {
            let mut entry = new_entry(span.meta);
            entry.fields = span.fields.clone();
            entry.follows_from = span.follows.iter().map(|followed| followed.name.to_owned()).collect();
            entry
        });
        entries.collect()
    }

    /// Returns the id of each span with its fields as one line of text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (u64, String)> {
        self.spans.iter().map(|span| {
            let fields: Vec<String> = span.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (span.id, fields.join(" "))
        })
    }
}

fn computations(spans: &[PathSpan]) -> Vec<&Computation> {
    spans.iter().filter_map(|span| span.computation.as_deref()).collect()
}

fn new_entry(meta: &'static Metadata<'static>) -> SpanEntry {
    let mut entry = SpanEntry::default();
    entry.name = meta.name().into();
    entry.target = meta.target().into();
    entry.level = meta.level().as_str().into();
    entry.file = meta.file().map(Cow::Borrowed);
    entry.line = meta.line();
    entry
}

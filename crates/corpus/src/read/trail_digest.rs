//! The ends of the series in the trail of a record, as the closing line of the computation can have them.

use std::collections::BTreeMap;
use std::fmt;

use record::Value;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// Series that were reported at one place in the source code, perhaps in several spans.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct TrailFields {
    message: Option<String>,
    span: Option<String>,
    location: Option<PlaceFields>,
    seen: u64,
    dropped: u64,
    head: Option<u64>,
    elapsed_s: ListEnds,
    columns: BTreeMap<String, ListEnds>,
}

#[derive(Debug, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
struct PlaceFields {
    file: Option<String>,
    line: Option<u32>,
}

/// The first and the last value of a list. The others are not stored.
#[derive(Debug, Default)]
struct ListEnds {
    first: Option<f64>,
    last: Option<f64>,
}

impl<'de> Deserialize<'de> for ListEnds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EndsVisitor)
    }
}

struct EndsVisitor;

impl<'de> Visitor<'de> for EndsVisitor {
    type Value = ListEnds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ListEnds, A::Error> {
        let Some(first) = list.next_element::<Value>()? else { return Ok(ListEnds::default()) };
        let mut last = first.as_f64();
        while let Some(value) = list.next_element::<Value>()? {
            last = value.as_f64();
        }
        Ok(ListEnds { first: first.as_f64(), last })
    }
}

impl TrailFields {
    /// Returns the name of the series in a closing line, unless another series has it.
    fn name(&self) -> String {
        let message = self.message.as_deref().filter(|message| !message.is_empty());
        message.or(self.span.as_deref()).map_or_else(|| self.place(), str::to_owned)
    }

    fn place(&self) -> String {
        let location = self.location.as_ref();
        let file = location.and_then(|location| location.file.as_deref()).unwrap_or("unknown file");
        match location.and_then(|location| location.line) {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        }
    }

    fn has_place_of(&self, other: &TrailFields) -> bool {
        (&self.message, &self.span, &self.location) == (&other.message, &other.span, &other.location)
    }

    /// Adds the rows of other spans.
    fn merge(&mut self, other: TrailFields) {
        self.seen += other.seen;
        let (is_earlier, is_later) =
            (other.elapsed_s.first < self.elapsed_s.first, other.elapsed_s.last >= self.elapsed_s.last);
        for (name, ends) in other.columns {
            let known = self.columns.entry(name).or_default();
            known.first = if is_earlier { ends.first } else { known.first };
            known.last = if is_later { ends.last } else { known.last };
        }
        self.elapsed_s.first = if is_earlier { other.elapsed_s.first } else { self.elapsed_s.first };
        self.elapsed_s.last = if is_later { other.elapsed_s.last } else { self.elapsed_s.last };
    }
}

/// Returns the names and values of the digests: `newton step.residual.rate`.
///
/// The rate is the mean factor from one row to the next, as in closing lines. The fitted rate of `context.convergence`
/// is another number, and would not be comparable.
pub(super) fn digest(trail: Vec<TrailFields>) -> Vec<(String, f64)> {
    let mut series: Vec<TrailFields> = Vec::new();
    for entry in trail {
        // Without the first rows, the ends of the series are unknown.
        if entry.dropped > 0 && entry.head.is_none_or(|head| head == 0) {
            continue;
        }
        match series.iter_mut().find(|known| known.has_place_of(&entry)) {
            Some(known) => known.merge(entry),
            None => series.push(entry),
        }
    }
    series.sort_by(|a, b| a.elapsed_s.first.partial_cmp(&b.elapsed_s.first).unwrap_or(std::cmp::Ordering::Equal));
    let mut names: Vec<String> = Vec::new();
    let mut digest = Vec::new();
    for entry in &series {
        let mut name = entry.name();
        if names.contains(&name) {
            name = format!("{name} ({})", entry.place());
        }
        names.push(name.clone());
        for (column, ends) in &entry.columns {
            let (Some(first), Some(last)) = (ends.first, ends.last) else { continue };
            let mut push = |value_name: &str, value| digest.push((format!("{name}.{column}.{value_name}"), value));
            push("first", first);
            push("last", last);
            let rate = (last / first).abs().powf(1.0 / entry.seen.saturating_sub(1) as f64);
            if entry.seen > 1 && rate.is_finite() {
                push("rate", rate);
            }
            push("rows", entry.seen as f64);
        }
    }
    digest
}

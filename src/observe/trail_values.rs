//! Writes the numbers and texts of events into a lane.

use std::fmt;

use record::internal::{REDACTED, Redactor};
use tracing::Metadata;
use tracing::field::{Field, Visit};

use crate::observe::callsite::{self, LOG_FIELDS};
use crate::observe::callsite_table;
use crate::observe::clock;
use crate::observe::fields::Fields;
use crate::observe::trail::breadcrumbs;
use crate::observe::trail::lane::Lane;
use crate::observe::trail::paths::PathWord;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::ring_request::RingRequest;
use crate::observe::trail::rows::{Columns, Kind, RowWriter};
use crate::observe::trail::writer::WriterLease;

/// The result of writing the numbers of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    /// The numbers are in the trail.
    Numbers,
    /// The event has no numbers.
    NoNumbers,
    /// The lane has no room for the row yet.
    NoRoom,
}

/// Writes the numbers of an event, or of fields that are recorded late.
#[inline]
pub(crate) fn write_numbers(
    lane: &Lane,
    path: PathWord,
    meta: &'static Metadata<'static>,
    record: impl Fn(&mut dyn Visit),
) -> WriteOutcome {
    let Some(ring) = lane.ring(path.key(callsite_table::address(meta))) else { return WriteOutcome::NoRoom };
    let Some(row) = ring.begin() else { return WriteOutcome::NoRoom };
    let mut visitor = NumberVisitor(RowWriter::new(row, ring.tag()));
    record(&mut visitor);
    if visitor.0.finish(clock::tick(), path) { WriteOutcome::Numbers } else { WriteOutcome::NoNumbers }
}

/// Returns true if the event has a number.
pub(crate) fn carries_numbers(record: impl Fn(&mut dyn Visit)) -> bool {
    let mut any = NumberFinder::default();
    record(&mut any);
    any.0
}

/// Returns the ring that the numbers of a registered callsite need.
pub(crate) fn request_numbers(
    lease: &WriterLease,
    meta: &'static Metadata<'static>,
    in_app: bool,
    retention: Retention,
) -> RingRequest {
    let key = lease.path().key(callsite_table::address(meta));
    columns_of(meta).request(key, in_app, retention)
}

fn columns_of(meta: &'static Metadata<'static>) -> Columns {
    Columns::new(callsite::columns(meta).count(), callsite::begins_with_message(meta))
}

/// Writes the texts of an event into the ring of its target. Returns `None` if there is no room. The callsite must be
/// registered.
pub(crate) fn write_text(lease: &WriterLease, text: &Text<'_>, redactor: &Redactor) -> Option<()> {
    text.write(lease, breadcrumbs::key_of(text.target), redactor)
}

/// An event without numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) meta: &'static Metadata<'static>,
    /// The target. A record of the `log` crate has its own, which is not that of the callsite.
    pub(crate) target: &'a str,
    pub(crate) is_log_record: bool,
    pub(crate) fields: &'a Fields,
}

impl Text<'_> {
    /// Writes the texts into a ring. Returns `None` if there is no room.
    pub(crate) fn write(&self, lease: &WriterLease, key: u64, redactor: &Redactor) -> Option<()> {
        let callsite = if self.is_log_record {
            callsite_table::register_log_place(self.meta, self.fields)
        } else {
            callsite_table::address(self.meta)
        };
        let header = (clock::tick(), callsite, lease.path());
        let apart = if self.is_log_record { LOG_FIELDS } else { &["message"] };
        breadcrumbs::write(lease.lane(), key, header, |row| {
            row.push(self.fields.raw_text("message").unwrap_or_default());
            for name in self.fields.names().filter(|name| !apart.contains(name)) {
                let Some(text) = self.fields.raw_text(name) else { continue };
                row.push_field(name, if redactor.field(name).is_secret() { REDACTED } else { text });
            }
        })
    }
}

/// Writes numbers into a row. It skips values that need formatting, so no code of the user runs.
struct NumberVisitor<'a>(RowWriter<'a>);

impl Visit for NumberVisitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.set(field.index(), Kind::Float, value.to_bits());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.set(field.index(), Kind::Int, value.cast_unsigned());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.set(field.index(), Kind::UInt, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.set(field.index(), Kind::Bool, value.into());
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        if let Ok(value) = i64::try_from(value) {
            self.record_i64(field, value);
        } else if let Ok(value) = u64::try_from(value) {
            self.record_u64(field, value);
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if let Ok(value) = u64::try_from(value) {
            self.record_u64(field, value);
        }
    }

    fn record_str(&mut self, _: &Field, _: &str) {}
    fn record_bytes(&mut self, _: &Field, _: &[u8]) {}
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Finds out whether an event has a number besides its message.
#[derive(Debug, Default)]
struct NumberFinder(bool);

impl NumberFinder {
    fn check(&mut self, field: &Field) {
        self.0 |= field.name() != "message";
    }
}

impl Visit for NumberFinder {
    fn record_f64(&mut self, field: &Field, _: f64) {
        self.check(field);
    }

    fn record_i64(&mut self, field: &Field, _: i64) {
        self.check(field);
    }

    fn record_u64(&mut self, field: &Field, _: u64) {
        self.check(field);
    }

    fn record_bool(&mut self, field: &Field, _: bool) {
        self.check(field);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        if i64::try_from(value).is_ok() || u64::try_from(value).is_ok() {
            self.check(field);
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if u64::try_from(value).is_ok() {
            self.check(field);
        }
    }

    fn record_str(&mut self, _: &Field, _: &str) {}
    fn record_bytes(&mut self, _: &Field, _: &[u8]) {}
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use record::Value;
    use tracing::Level;
    use tracing::field::FieldSet;

    use super::*;
    use crate::observe::trail::objects::Objects;
    use crate::observe::trail::pool;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 256 }))]

        /// A row is read as it was written, even if its memory had other content before.
        #[test]
        fn a_row_reads_no_memory_that_it_did_not_write(
            rows in prop::collection::vec(prop::collection::btree_map(0..130_usize, any::<u64>(), 0..20), 1..6),
            columns in 1..130_usize,
        ) {
            let meta = event_with(columns);
            let lane = Lane::open(pool::words(Lane::overhead(64) + 130 * 160).unwrap(), 64);
            let request = columns_of(meta).request(callsite_table::address(meta), true, Retention { head: 2, tail: 64 });
            lane.make_ring(request.key, request.shape(66)).unwrap();
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
            let snapshot = lane.snapshot_of(request.key).unwrap();
            let read = |row| (0..columns).map(|column| columns_of(meta).value(row, column, &Objects::default())).collect::<Vec<_>>();
            let rows: Vec<Vec<Option<Value>>> = snapshot.rows().map(|(_, row)| read(row)).collect();
            let expected: Vec<Vec<Option<Value>>> =
                expected.into_iter().map(|row| row.into_iter().map(|number| number.map(Value::from)).collect()).collect();
            prop_assert_eq!(rows, expected);
        }
    }

    /// Creates the callsite of an event with this number of fields. It is never freed, as any callsite.
    fn event_with(columns: usize) -> &'static Metadata<'static> {
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
        let fields = FieldSet::new(names, tracing::callsite::Identifier(&NONE));
        let meta =
            Metadata::new("event", "test", Level::DEBUG, None, None, None, fields, tracing::metadata::Kind::EVENT);
        Box::leak(Box::new(meta))
    }
}

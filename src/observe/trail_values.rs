//! Writes the numbers and texts of events into a lane.

use record::internal::Redactor;
use tracing::Metadata;
use tracing::field::Visit;

use crate::observe::callsite_table;
use crate::observe::clock;
use crate::observe::fields::Fields;
use crate::observe::trail::breadcrumbs;
use crate::observe::trail::lane::Lane;
use crate::observe::trail::lanes::Trail;
use crate::observe::trail::numbers::{Columns, NumberFinder, NumberVisitor};
use crate::observe::trail::paths::PathWord;
use crate::observe::trail::retention::Retention;
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
    let mut visitor = NumberVisitor::new(row, ring.tag());
    record(&mut visitor);
    if visitor.finish(clock::tick(), path) { WriteOutcome::Numbers } else { WriteOutcome::NoNumbers }
}

/// Returns true if the event has a number.
pub(crate) fn carries_numbers(record: impl Fn(&mut dyn Visit)) -> bool {
    let mut any = NumberFinder::default();
    record(&mut any);
    any.0
}

impl Trail {
    /// Makes room for the numbers of a registered callsite.
    pub(crate) fn make_room_for_numbers(
        &self,
        lease: &mut WriterLease,
        meta: &'static Metadata<'static>,
        is_own: bool,
        retention: Retention,
    ) {
        let key = lease.path().key(callsite_table::address(meta));
        self.make_room(lease, Columns::of(meta).want(key, is_own, retention), retention);
    }

    /// Makes room for the texts of an event, and writes them. The callsite must be registered.
    pub(crate) fn write_text(
        &self,
        lease: &mut WriterLease,
        text: &Text<'_>,
        is_own: bool,
        retention: Retention,
        redactor: &Redactor,
    ) {
        let want = breadcrumbs::want(lease.lane(), text.target, is_own);
        self.make_room(lease, want, retention);
        text.write(lease, want.key, redactor);
    }
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
    fn write(&self, lease: &WriterLease, key: u64, redactor: &Redactor) -> Option<()> {
        let callsite = if self.is_log_record {
            callsite_table::register_log_place(self.meta, self.fields)
        } else {
            callsite_table::address(self.meta)
        };
        let header = (clock::tick(), callsite, lease.path());
        let is_secret = |name| redactor.field(name).is_secret();
        breadcrumbs::write(lease.lane(), key, header, self.fields, self.is_log_record, is_secret)
    }
}

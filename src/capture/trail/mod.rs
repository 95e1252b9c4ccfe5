//! The bounded history of a computation: numeric events and late fields, and what it said besides.
//!
//! Each thread that works in a computation writes a lane of its own, without locks; when something failed, the lanes are
//! read and put in order of time.

mod breadcrumbs;
mod callsites;
mod held;
mod lane;
mod numbers;
mod pool;
mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tracing::Metadata;
use tracing::field::Visit;

use super::clock::{self, Reading};
use super::fields::Fields;
use crate::redact::Redactor;
use crate::sync::Mutex;
use crate::value::Limits;
use breadcrumbs::WORDS as BREADCRUMB_WORDS;
pub(crate) use callsites::remember;
use held::forget;
pub(crate) use held::{Found, Held, with_lane};
pub(crate) use lane::Lane;
use numbers::{AnyNumber, Columns, NumberVisitor};
pub(crate) use read::History;

/// What the lock-free part is built of, so that a model checker can put its own in the place.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
}

/// Callsites for which a lane has a ring.
const RINGS: usize = 32;

/// Words for each row that is wanted: at 256 rows a lane takes less than 64 kB.
const WORDS_A_ROW: usize = 26;

/// How much of a text is read for a breadcrumb.
pub(crate) const LIMITS: Limits = Limits { text: 256, ..Limits::DEFAULT };

/// How much is kept for each callsite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Rows from the beginning.
    pub(crate) first: usize,
    /// Rows up to the present.
    pub(crate) last: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Plan { first: 8, last: 248 }
    }
}

impl Plan {
    pub(crate) fn keeps_any(self) -> bool {
        self.first + self.last > 0
    }

    fn words(self) -> usize {
        Lane::OVERHEAD + BREADCRUMB_WORDS + (self.first + self.last) * WORDS_A_ROW
    }
}

/// The trail of one computation. It holds nothing until the first event.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    lanes: Mutex<Lanes>,
}

#[derive(Debug, Default)]
struct Lanes {
    lanes: Vec<Arc<Lane>>,
    /// When the first of them was opened.
    origin: Option<Reading>,
}

impl Trail {
    /// A lane that nobody holds, else a new one.
    pub(crate) fn hold(&self, plan: Plan) -> Option<Held> {
        let mut lanes = self.lanes.lock()?;
        lanes.origin.get_or_insert_with(Reading::now);
        let free = lanes.lanes.iter().find(|lane| lane.hold()).cloned();
        let lane = free.unwrap_or_else(|| {
            let lane = Arc::new(Lane::open(pool::words(plan.words()), breadcrumbs::SHAPE));
            lanes.lanes.push(Arc::clone(&lane));
            lane
        });
        Some(Held::new(lane))
    }

    /// Lets go of everything. Somebody may remember the computation, but nothing happens in it any more.
    pub(crate) fn close(&self) {
        if let Some(mut lanes) = self.lanes.lock() {
            lanes.close();
        }
    }

    /// The same where nobody else knows of it.
    pub(crate) fn clear(&mut self) {
        self.lanes.get_mut().close();
    }
}

impl Lanes {
    fn close(&mut self) {
        self.lanes.drain(..).for_each(|lane| forget(&lane));
        self.origin = None;
    }
}

/// Another computation may come to the place of this one.
impl Drop for Trail {
    fn drop(&mut self) {
        self.clear();
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Its numbers are in the trail.
    Numbers,
    /// It carries none.
    NoNumbers,
    /// Its callsite has no ring yet.
    NoRing,
}

/// Writes the numbers of an event, or of fields that are recorded late.
#[inline]
pub(crate) fn note(lane: &Lane, meta: &'static Metadata<'static>, record: impl Fn(&mut dyn Visit)) -> Noted {
    let Some(ring) = lane.ring(callsites::address(meta)) else { return Noted::NoRing };
    let mut visitor = NumberVisitor::new(ring.begin(), ring.note());
    record(&mut visitor);
    if visitor.finish(clock::tick()) { Noted::Numbers } else { Noted::NoNumbers }
}

/// Whether there is any number in it.
pub(crate) fn carries_numbers(record: impl Fn(&mut dyn Visit)) -> bool {
    let mut any = AnyNumber::default();
    record(&mut any);
    any.0
}

/// Makes room for the numbers of a callsite, which is remembered, unless there is some already: the lane may be another one
/// by now.
pub(crate) fn make_ring(lane: &Lane, meta: &'static Metadata<'static>, plan: Plan) {
    let address = callsites::address(meta);
    if lane.ring(address).is_none() {
        lane.make_ring(address, Columns::of(meta).shape(plan.first, plan.last));
    }
}

/// Keeps what was said by a callsite, which is remembered.
pub(crate) fn keep_said(lane: &Lane, meta: &'static Metadata<'static>, said: &Fields, redactor: &Redactor) {
    breadcrumbs::write(lane, clock::tick(), callsites::address(meta), said, |name| redactor.field(name).is_secret);
}

/// Returns true unless a thread holds a lock that all trails share.
#[cfg(unix)]
pub(super) fn locks_are_free() -> bool {
    callsites::is_free() && pool::is_free()
}

//! The bounded history of a computation: numeric events and late fields, and what it said besides.
//!
//! Each thread that works in a computation writes a lane of its own, without locks; when something failed, the lanes are
//! read and put in order of time.
//!
//! A lane has a fixed amount of space: about 25 words of 8 bytes for each row of the plan, and 32 texts. Each callsite with
//! numbers has a ring of rows in it, and each target has a ring of texts. [`division`] says who gets how much, [`room`] when
//! the space is divided anew.
//!
//! A row refers to the spans between it and the computation by one word; [`paths`] keeps what they carry. The first few
//! paths of spans have rings of their own for each callsite, so that levels and chains do not mix.
//!
//! The series of a solver always gets enough, because it is the program's own: the first part of its target is that of the
//! computation's span, or the code is of the same Cargo workspace, or the filter names its target. Three quarters of the
//! space are for these series, and among them the shortest are served first. A series is complete if it is no longer than an
//! equal share; a longer one keeps its first and its last rows, and the number of the others.

mod breadcrumbs;
mod callsites;
mod division;
mod filter;
mod held;
mod lane;
mod numbers;
mod paths;
mod pool;
mod read;
mod room;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tracing::Metadata;
use tracing::field::Visit;

use super::clock::{self, Reading};
use super::fields::Fields;
use super::ownership;
use breadcrumbs::WORDS as BREADCRUMB_WORDS;
pub(crate) use callsites::remember;
pub(crate) use filter::TrailFilter;
use held::forget;
pub(crate) use held::{Found, Held, Trace, with_lane};
pub(crate) use lane::Lane;
use numbers::{AnyNumber, Columns, NumberVisitor};
use paths::Paths;
pub(crate) use paths::{KnownPath, PathWord, SPANS};
pub(crate) use read::History;
use record::Limits;
use record::internal::Redactor;
use room::{Room, Want};
use runtime::lock::Mutex;

/// What the lock-free part is built of, so that a model checker can put its own in the place.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
}

/// Places for the rings of a lane.
const RINGS: usize = 64;

/// Words for each row that is wanted: at 256 rows a lane takes less than 64 kB.
const WORDS_A_ROW: usize = 25;

/// How much of a text is read for a breadcrumb.
pub(crate) const LIMITS: Limits = Limits::DEFAULT.with_text(256);

/// How much is kept for each callsite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Rows from the beginning.
    pub(crate) first: usize,
    /// Rows up to the present.
    pub(crate) last: usize,
}

/// What is kept of the time before a failure.
#[derive(Debug)]
pub(crate) struct HistoryOptions {
    pub(crate) plan: Plan,
    pub(crate) filter: Option<TrailFilter>,
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
    lanes: Vec<LaneWithPaths>,
    /// When the first of them was opened.
    origin: Option<Reading>,
}

/// A lane, and the paths of spans that its rows refer to.
#[derive(Clone, Debug)]
struct LaneWithPaths {
    lane: Arc<Lane>,
    paths: Arc<Paths>,
}

impl Trail {
    /// A lane that nobody holds, else a new one. `None` if no memory is left for it.
    pub(crate) fn hold(&self, plan: Plan, home: &'static Metadata<'static>) -> Option<Held> {
        let mut lanes = self.lanes.lock()?;
        lanes.origin.get_or_insert_with(Reading::now);
        let free = lanes.lanes.iter().find(|lane| lane.lane.hold()).cloned();
        let LaneWithPaths { lane, paths } = match free {
            Some(free) => free,
            None => lanes.open(plan)?,
        };
        Some(Held::new(lane, paths, home))
    }

    /// Makes room for the next row of a series, as far as there is any.
    fn make_room(&self, held: &mut Held, want: Want, plan: Plan) {
        let home = held.home().target();
        let is_home = |key| {
            let callsite = callsites::recall(paths::callsite_of(key)).filter(|_| !room::holds_texts(key));
            callsite.is_some_and(|callsite| ownership::is_same_crate(callsite.meta.target(), home))
        };
        let Room::Divided(division) = room::make_room(held.lane(), want, &is_home) else { return };
        let Some(words) = pool::words(plan.words()) else { return };
        let divided = Arc::new(Lane::open(words));
        room::fill(&divided, held.lane(), &division);
        let Some(mut lanes) = self.lanes.lock() else { return };
        // The computation may have closed on another thread.
        let known = lanes.lanes.iter_mut().find(|lane| std::ptr::eq(&*lane.lane, held.lane()));
        if let Some(known) = known {
            known.lane = Arc::clone(&divided);
            held.replace(divided);
        }
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
    fn open(&mut self, plan: Plan) -> Option<LaneWithPaths> {
        let lane = Arc::new(Lane::open(pool::words(plan.words())?));
        let lane = LaneWithPaths { lane, paths: Arc::new(Paths::new()) };
        self.lanes.push(lane.clone());
        Some(lane)
    }

    fn close(&mut self) {
        self.lanes.drain(..).for_each(|lane| forget(&lane.lane));
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
    /// There is no room for it yet.
    NoRoom,
}

/// Writes the numbers of an event, or of fields that are recorded late.
#[inline]
pub(crate) fn note(
    lane: &Lane,
    path: PathWord,
    meta: &'static Metadata<'static>,
    record: impl Fn(&mut dyn Visit),
) -> Noted {
    let Some(ring) = lane.ring(path.key(callsites::address(meta))) else { return Noted::NoRoom };
    let Some(row) = ring.begin() else { return Noted::NoRoom };
    let mut visitor = NumberVisitor::new(row, ring.note());
    record(&mut visitor);
    if visitor.finish(clock::tick(), path) { Noted::Numbers } else { Noted::NoNumbers }
}

/// Whether there is any number in it.
pub(crate) fn carries_numbers(record: impl Fn(&mut dyn Visit)) -> bool {
    let mut any = AnyNumber::default();
    record(&mut any);
    any.0
}

impl Trail {
    /// Makes room for the numbers of a callsite, which is remembered.
    pub(crate) fn make_room_for_numbers(
        &self,
        held: &mut Held,
        meta: &'static Metadata<'static>,
        is_own: bool,
        plan: Plan,
    ) {
        let key = held.path().key(callsites::address(meta));
        self.make_room(held, Columns::of(meta).want(key, is_own, plan), plan);
    }

    /// Keeps what an event says, in a place that it has to find. Its callsite is remembered.
    pub(crate) fn note_text(&self, held: &mut Held, text: &Text<'_>, is_own: bool, plan: Plan, redactor: &Redactor) {
        let want = breadcrumbs::want(held.lane(), text.target, is_own);
        self.make_room(held, want, plan);
        text.write(held, want.key, redactor);
    }
}

/// Keeps what an event says beside the earlier texts of its target. Returns `None` if there is no room. Its callsite is
/// remembered.
pub(crate) fn note_text(held: &Held, text: &Text<'_>, redactor: &Redactor) -> Option<()> {
    text.write(held, breadcrumbs::key_of(text.target), redactor)
}

/// What an event says besides numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) meta: &'static Metadata<'static>,
    /// The target, which is not that of the callsite if the event is a record of the `log` crate.
    pub(crate) target: &'a str,
    pub(crate) is_log_record: bool,
    pub(crate) fields: &'a Fields,
}

impl Text<'_> {
    fn write(&self, held: &Held, key: u64, redactor: &Redactor) -> Option<()> {
        let callsite = match self.is_log_record {
            true => callsites::remember_place(self.meta, self.fields),
            false => callsites::address(self.meta),
        };
        let header = (clock::tick(), callsite, held.path());
        breadcrumbs::write(held.lane(), key, header, self, |name| redactor.field(name).is_secret())
    }
}

/// Returns true unless a thread holds a lock that all trails share.
pub(super) fn locks_are_free() -> bool {
    callsites::is_free() && pool::is_free()
}

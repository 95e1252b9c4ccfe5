//! The settings of the trail: its retention, and its filter by target and level.

use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::Metadata;
use tracing::level_filters::LevelFilter;

use crate::observe::target_filter::{FilterError, TargetFilter};
use crate::observe::trail::retention::Retention;

/// The settings of the trail.
#[derive(Debug)]
pub(crate) struct TrailOptions {
    pub(crate) retention: Retention,
    pub(crate) filter: Option<TrailFilter>,
}

/// A filter with a cache of its decisions by callsite.
#[derive(Debug)]
pub(crate) struct TrailFilter {
    filter: TargetFilter,
    /// Addresses of callsites, with the decision in the two lowest bits, which are 0 in an aligned address. If a
    /// callsite is replaced, its decision is made again.
    verdicts: [AtomicUsize; 512],
}

const KEEP: usize = 1;
const DROP: usize = 2;

const _: () = assert!(align_of::<Metadata<'static>>() > (KEEP | DROP));

impl TrailFilter {
    /// Parses `info,my_solver=debug,h2=off`. If the filter only turns targets off, all other targets keep `level`.
    pub(crate) fn parse(text: &str, level: LevelFilter) -> Result<Self, FilterError> {
        let filter = TargetFilter::parse_for_trail(text, level)?;
        Ok(TrailFilter { filter, verdicts: [const { AtomicUsize::new(0) }; 512] })
    }

    /// Returns true if the trail keeps events and late values of this callsite.
    #[inline]
    pub(crate) fn keeps(&self, meta: &'static Metadata<'static>) -> bool {
        let address = std::ptr::from_ref(meta).addr();
        let verdict = &self.verdicts[(address >> 4) % self.verdicts.len()];
        match verdict.load(Ordering::Relaxed) ^ address {
            KEEP => true,
            DROP => false,
            _ => {
                let keeps = self.filter.enables(meta);
                verdict.store(address | if keeps { KEEP } else { DROP }, Ordering::Relaxed);
                keeps
            }
        }
    }

    /// Same as [`keeps`](Self::keeps), without the cache.
    pub(crate) fn enables(&self, meta: &Metadata<'_>) -> bool {
        self.filter.enables(meta)
    }

    /// Returns true if the filter enables more of this target than of others.
    pub(crate) fn prefers(&self, target: &str) -> bool {
        self.filter.prefers(target)
    }

    /// Returns the most detailed level that the filter enables.
    pub(crate) fn most(&self) -> LevelFilter {
        self.filter.most()
    }
}

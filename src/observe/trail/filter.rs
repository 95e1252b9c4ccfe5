//! Which callsites a trail keeps: a filter by target and level.

use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::Metadata;
use tracing::level_filters::LevelFilter;

use crate::observe::target_filter::{FilterError, TargetFilter};

/// A filter, and its verdicts: each callsite is judged once.
#[derive(Debug)]
pub(crate) struct TrailFilter {
    filter: TargetFilter,
    /// Addresses of callsites, the verdict in the two lowest bits, which alignment leaves free. A callsite that gives way
    /// to another one is judged again.
    verdicts: [AtomicUsize; 512],
}

const KEEP: usize = 1;
const DROP: usize = 2;

const _: () = assert!(align_of::<Metadata<'static>>() > (KEEP | DROP));

impl TrailFilter {
    /// Parses `info,my_solver=debug,h2=off`. If it only turns targets off, all others keep this level.
    pub(crate) fn parse(text: &str, level: LevelFilter) -> Result<Self, FilterError> {
        let filter = TargetFilter::parse_for_trail(text, level)?;
        Ok(TrailFilter { filter, verdicts: [const { AtomicUsize::new(0) }; 512] })
    }

    /// Whether events and late values of this callsite are kept.
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

    /// The same for a callsite that need not be one of the program's.
    pub(crate) fn enables(&self, meta: &Metadata<'_>) -> bool {
        self.filter.enables(meta)
    }

    /// Whether it asks for more of this target than of others.
    pub(crate) fn prefers(&self, target: &str) -> bool {
        self.filter.prefers(target)
    }

    /// The most detailed level that it keeps of anything.
    pub(crate) fn most(&self) -> LevelFilter {
        self.filter.most()
    }
}

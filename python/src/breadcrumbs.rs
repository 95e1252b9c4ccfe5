//! The latest breadcrumbs of a computation. Each logger and module that writes breadcrumbs has a share.

use std::cmp::Reverse;
use std::collections::VecDeque;

use tracing_failure::record::Breadcrumb;

/// Maximum breadcrumbs of a computation.
const MAX_BREADCRUMBS: usize = 32;
/// Maximum breadcrumbs of the program if libraries write more than the rest.
const MAX_IN_APP: usize = MAX_BREADCRUMBS / 4 * 3;

/// The writer of a breadcrumb.
pub(crate) struct Source {
    /// A logger of `logging`, or the module that calls `record`.
    pub(crate) target: String,
    /// True for the program, false for libraries.
    pub(crate) in_app: bool,
}

/// Breadcrumbs in the order of time.
#[derive(Default)]
pub(crate) struct Breadcrumbs {
    entries: VecDeque<(Source, Breadcrumb)>,
}

impl Breadcrumbs {
    pub(crate) fn add(&mut self, source: Source, breadcrumb: Breadcrumb) {
        self.entries.push_back((source, breadcrumb));
        if self.entries.len() > MAX_BREADCRUMBS {
            self.entries.remove(self.victim());
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Breadcrumb> {
        self.entries.iter().map(|(_, breadcrumb)| breadcrumb)
    }

    /// The index of the breadcrumb to drop: the oldest one of the target with most breadcrumbs, in the part (program or
    /// libraries) that exceeds its share.
    fn victim(&self) -> usize {
        let in_app = self.entries.iter().filter(|(source, _)| source.in_app).count() > MAX_IN_APP;
        let mut targets: Vec<(&str, usize, usize)> = Vec::new();
        for (index, (source, _)) in self.entries.iter().enumerate().filter(|(_, (source, _))| source.in_app == in_app) {
            match targets.iter_mut().find(|(target, ..)| *target == source.target) {
                Some((_, _, count)) => *count += 1,
                None => targets.push((&source.target, index, 1)),
            }
        }
        let largest = targets.iter().min_by_key(|(_, _, count)| Reverse(*count));
        largest.map_or(0, |(_, oldest, _)| *oldest)
    }
}

//! The last texts of a computation. Each logger and module that writes texts has a share.

use std::cmp::Reverse;
use std::collections::VecDeque;

use tracing_failure::record::Breadcrumb;

/// Maximum texts of a computation.
const MAX_TEXTS: usize = 32;
/// Maximum texts of the program if libraries write more than the rest.
const MAX_TEXTS_OF_PROGRAM: usize = MAX_TEXTS / 4 * 3;

/// The writer of a text.
pub(crate) struct Source {
    /// A logger of `logging`, or the module that calls `record`.
    pub(crate) target: String,
    /// True for the program, false for libraries.
    pub(crate) is_own: bool,
}

/// Texts in the order of time.
#[derive(Default)]
pub(crate) struct Breadcrumbs {
    texts: VecDeque<(Source, Breadcrumb)>,
}

impl Breadcrumbs {
    pub(crate) fn add(&mut self, source: Source, text: Breadcrumb) {
        self.texts.push_back((source, text));
        if self.texts.len() > MAX_TEXTS {
            self.texts.remove(self.victim());
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Breadcrumb> {
        self.texts.iter().map(|(_, text)| text)
    }

    /// The index of the text to drop: the oldest text of the target with most texts, in the part (program or libraries)
    /// that exceeds its share.
    fn victim(&self) -> usize {
        let in_program = self.texts.iter().filter(|(source, _)| source.is_own).count();
        let is_own = in_program > MAX_TEXTS_OF_PROGRAM;
        let mut targets: Vec<(&str, usize, usize)> = Vec::new();
        for (place, (source, _)) in self.texts.iter().enumerate().filter(|(_, (source, _))| source.is_own == is_own) {
            match targets.iter_mut().find(|(target, ..)| *target == source.target) {
                Some((_, _, texts)) => *texts += 1,
                None => targets.push((&source.target, place, 1)),
            }
        }
        let largest = targets.iter().min_by_key(|(_, _, texts)| Reverse(*texts));
        largest.map_or(0, |(_, oldest, _)| *oldest)
    }
}

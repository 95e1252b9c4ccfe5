//! A per-thread stack of entered spans. It answers "which span is current?" ten times faster than the registry.
//!
//! The stack has no destructor, so it is usable while a thread ends.

use std::cell::Cell;

/// Maximum number of spans on the stack. Deeper spans are only counted.
const MAX_TRACKED: usize = 64;

/// An entered span and the layer that reported it. A thread may be in spans of several subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StackEntry {
    layer: u64,
    span: u64,
}

/// A span and, if the thread is inside it, the epoch of the thread's span stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CurrentSpan {
    pub(crate) span: u64,
    /// The epoch of this thread's span stack if the thread is inside the span, otherwise 0.
    ///
    /// The registry reuses span ids, but not while a span is entered. An unchanged epoch therefore proves that `span`
    /// still refers to the same span.
    pub(crate) epoch: u64,
}

impl CurrentSpan {
    /// Refers to a span by its id, whether or not the thread is inside it.
    pub(crate) fn span(span: u64) -> Self {
        CurrentSpan { span, epoch: 0 }
    }
}

struct SpanStack {
    /// The depth in the low bits, and the epoch above it. Each enter and exit changes both with one write.
    state: Cell<u64>,
    spans: [Cell<StackEntry>; MAX_TRACKED],
    /// The last answer of [`current`], and the layer that asked for it.
    answer: Cell<CurrentSpan>,
    asked_by: Cell<u64>,
}

/// Set when a thread exits a span whose position on the stack is unknown. From then on only the depth is reliable,
/// until the stack is empty again.
const UNTRACKED: u64 = 1 << 23;
/// The lowest bit of the epoch in the state.
const EPOCH_STEP: u64 = 1 << 24;

thread_local! {
    static STACK: SpanStack = const {
        SpanStack {
            state: Cell::new(EPOCH_STEP),
            spans: [const { Cell::new(StackEntry { layer: 0, span: 0 }) }; MAX_TRACKED],
            answer: Cell::new(CurrentSpan { span: 0, epoch: 0 }),
            asked_by: Cell::new(0),
        }
    };
}

/// The innermost span that a thread is inside.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Current {
    Span(CurrentSpan),
    None,
    /// The stack does not know. Ask the registry.
    Unknown,
}

#[inline]
pub(crate) fn enter(layer: u64, span: u64) {
    let _ = STACK.try_with(|stack| {
        let state = stack.state.get();
        if let Some(place) = stack.spans.get((state % EPOCH_STEP) as usize) {
            place.set(StackEntry { layer, span });
        }
        stack.state.set(state + EPOCH_STEP + 1);
    });
}

#[inline]
pub(crate) fn exit(layer: u64, span: u64) {
    let _ = STACK.try_with(|stack| {
        let state = stack.state.get();
        let last = stack.spans.get((state % EPOCH_STEP).wrapping_sub(1) as usize);
        match last {
            Some(last) if last.get() == (StackEntry { layer, span }) => stack.state.set(state + EPOCH_STEP - 1),
            _ => stack.exit_within(StackEntry { layer, span }),
        }
    });
}

#[inline]
pub(crate) fn current(layer: u64) -> Current {
    let current = STACK.try_with(|stack| {
        let answer = stack.answer.get();
        let is_valid = answer.epoch == stack.state.get() && stack.asked_by.get() == layer;
        if is_valid { Current::Span(answer) } else { stack.current(layer) }
    });
    current.unwrap_or(Current::Unknown)
}

/// Returns the spans of a layer that this thread is inside, innermost first. Returns no spans if the stack is too deep
/// or untracked.
pub(crate) fn spans(layer: u64) -> Vec<u64> {
    STACK.try_with(|stack| stack.of_layer(layer)).unwrap_or_default()
}

/// Returns true if this thread is inside the span. Returns false if the stack is too deep or untracked.
pub(crate) fn is_inside(layer: u64, span: u64) -> bool {
    STACK.try_with(|stack| stack.contains(StackEntry { layer, span })).unwrap_or(false)
}

impl SpanStack {
    fn contains(&self, entry: StackEntry) -> bool {
        let tracked = self.spans.get(..(self.state.get() % EPOCH_STEP) as usize).unwrap_or_default();
        tracked.iter().any(|span| span.get() == entry)
    }

    fn of_layer(&self, layer: u64) -> Vec<u64> {
        let Some(tracked) = self.spans.get(..(self.state.get() % EPOCH_STEP) as usize) else { return Vec::new() };
        let entries = tracked.iter().map(Cell::get).filter(|entry| entry.layer == layer);
        let mut spans: Vec<u64> = Vec::new();
        for entry in entries {
            // A span that is entered twice stays at its first position.
            if !spans.contains(&entry.span) {
                spans.push(entry.span);
            }
        }
        spans.reverse();
        spans
    }

    /// Removes a span that is not on top. Spans may be exited in any order.
    fn exit_within(&self, entry: StackEntry) {
        let state = self.state.get();
        let depth = state % UNTRACKED;
        let tracked = &self.spans[..(depth as usize).min(MAX_TRACKED)];
        let position = tracked.iter().rposition(|span| span.get() == entry);
        let mut untracked = state & UNTRACKED;
        if depth as usize > MAX_TRACKED {
            // The span may have been entered a second time at an untracked depth, so it is unknown which entry this
            // exit removes.
            untracked |= if position.is_some() { UNTRACKED } else { 0 };
        } else if let Some(position) = position {
            tracked[position..].windows(2).for_each(|pair| pair[0].swap(&pair[1]));
        } else if untracked == 0 {
            return;
        }
        let depth = depth.saturating_sub(1);
        let untracked = if depth > 0 { untracked } else { 0 };
        self.state.set((state / EPOCH_STEP + 1) * EPOCH_STEP + untracked + depth);
    }

    /// Finds the innermost span. A second entry of a span does not make it current, as in the registry.
    fn current(&self, layer: u64) -> Current {
        let state = self.state.get();
        let Some(tracked) = self.spans.get(..(state % EPOCH_STEP) as usize) else { return Current::Unknown };
        for (place, span) in tracked.iter().enumerate().rev() {
            let entry = span.get();
            let is_outermost = || tracked[..place].iter().all(|before| before.get() != entry);
            if entry.layer == layer && is_outermost() {
                let current = CurrentSpan { span: entry.span, epoch: state };
                self.answer.set(current);
                self.asked_by.set(layer);
                return Current::Span(current);
            }
        }
        Current::None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq)]
    enum Answer {
        Span(u64),
        None,
        Unknown,
    }

    fn answer(layer: u64) -> Answer {
        match current(layer) {
            Current::Span(current) => Answer::Span(current.span),
            Current::None => Answer::None,
            Current::Unknown => Answer::Unknown,
        }
    }

    /// Runs a test on its own thread, because the stack belongs to the thread.
    fn on_its_own(test: impl FnOnce() + Send) {
        std::thread::scope(|scope| scope.spawn(test).join().unwrap());
    }

    #[test]
    fn the_innermost_span_of_a_layer_is_current() {
        on_its_own(|| {
            assert_eq!(answer(1), Answer::None);
            enter(1, 10);
            enter(2, 10);
            enter(2, 20);
            assert_eq!((answer(1), answer(2)), (Answer::Span(10), Answer::Span(20)));
            exit(2, 10);
            assert_eq!(answer(2), Answer::Span(20));
            exit(2, 99);
            exit(2, 20);
            assert_eq!((answer(1), answer(2)), (Answer::Span(10), Answer::None));
        });
    }

    #[test]
    fn a_span_that_is_entered_again_does_not_become_current() {
        on_its_own(|| {
            [10, 20, 10].into_iter().for_each(|span| enter(1, span));
            assert_eq!(answer(1), Answer::Span(20));
            exit(1, 20);
            assert_eq!(answer(1), Answer::Span(10));
            exit(1, 10);
            assert_eq!(answer(1), Answer::Span(10));
            exit(1, 10);
            assert_eq!(answer(1), Answer::None);
        });
    }

    #[test]
    fn spans_beyond_the_maximum_depth_are_unknown() {
        on_its_own(|| {
            let deepest = MAX_TRACKED as u64 + 10;
            (1..=deepest).for_each(|span| enter(1, span));
            assert_eq!(answer(1), Answer::Unknown);
            (MAX_TRACKED as u64 + 1..=deepest).rev().for_each(|span| exit(1, span));
            assert_eq!(answer(1), Answer::Span(MAX_TRACKED as u64));
            enter(1, deepest);
            exit(1, 3);
            exit(1, deepest);
            assert_eq!(answer(1), Answer::Unknown, "the third could have been the last as well");
            (1..=MAX_TRACKED as u64).filter(|span| *span != 3).for_each(|span| exit(1, span));
            assert_eq!(answer(1), Answer::None);
            enter(1, 1);
            assert_eq!(answer(1), Answer::Span(1));
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 256 }))]

        /// For any order of enters and exits, the stack agrees with a plain list.
        #[test]
        fn agrees_with_a_list(steps in prop::collection::vec((any::<bool>(), 1..100u64), 0..600)) {
            let disagreement = std::thread::spawn(move || {
                let mut list: Vec<u64> = Vec::new();
                let mut peak = 0;
                for (enters, span) in steps {
                    if enters {
                        enter(1, span);
                        list.push(span);
                    } else if let Some(place) = list.iter().rposition(|entry| *entry == span) {
                        exit(1, span);
                        list.remove(place);
                    }
                    let first = list.iter().enumerate().rfind(|(place, span)| !list[..*place].contains(span));
                    let expected = first.map_or(Answer::None, |(_, span)| Answer::Span(*span));
                    peak = if list.is_empty() { 0 } else { peak.max(list.len()) };
                    let answer = answer(1);
                    if answer != expected && !(answer == Answer::Unknown && peak > MAX_TRACKED) {
                        return Some((answer, expected));
                    }
                }
                None
            });
            prop_assert_eq!(disagreement.join().unwrap(), None);
        }
    }
}

//! The spans that a thread is in, kept on enter and exit: asking the registry takes ten times as long.
//!
//! Nothing here has a destructor, so that it can be reached while a thread ends.

use std::cell::Cell;

/// Spans that are known by their ids. Those entered deeper are only counted.
const DEPTH: usize = 64;

/// A place of a span that was entered deeper than is known.
const UNKNOWN: Entered = Entered { layer: 0, span: 0 };

/// A span that was entered, and the layer that tells of it: a thread may be in spans of several subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entered {
    layer: u64,
    span: u64,
}

struct Stack {
    depth: Cell<usize>,
    spans: [Cell<Entered>; DEPTH],
}

thread_local! {
    static STACK: Stack = const { Stack { depth: Cell::new(0), spans: [const { Cell::new(UNKNOWN) }; DEPTH] } };
}

/// The innermost span that a thread is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Current {
    Span(u64),
    None,
    /// It is too deep: the registry has to be asked.
    Unknown,
}

/// Layers have numbers from 1.
#[inline]
pub(crate) fn enter(layer: u64, span: u64) {
    let _ = STACK.try_with(|stack| {
        let depth = stack.depth.get();
        if let Some(place) = stack.spans.get(depth) {
            place.set(Entered { layer, span });
        }
        stack.depth.set(depth + 1);
    });
}

#[inline]
pub(crate) fn exit(layer: u64, span: u64) {
    let _ = STACK.try_with(|stack| {
        let depth = stack.depth.get();
        let last = depth.checked_sub(1).and_then(|last| stack.spans.get(last));
        match last {
            Some(last) if last.get() == (Entered { layer, span }) => stack.depth.set(depth - 1),
            _ => stack.exit_within(Entered { layer, span }),
        }
    });
}

#[inline]
pub(crate) fn current(layer: u64) -> Current {
    STACK.try_with(|stack| stack.current(layer)).unwrap_or(Current::Unknown)
}

impl Stack {
    /// Spans need not be left in the order in which they were entered.
    #[cold]
    fn exit_within(&self, entered: Entered) {
        let depth = self.depth.get();
        let known = depth.min(DEPTH);
        let place = |entered| self.spans[..known].iter().rposition(|span| span.get() == entered);
        let left = match place(entered) {
            None if depth > DEPTH => return self.depth.set(depth - 1),
            None => place(UNKNOWN),
            found => found,
        };
        let Some(left) = left else { return };
        for next in left + 1..known {
            self.spans[next - 1].swap(&self.spans[next]);
        }
        if depth > DEPTH {
            self.spans[DEPTH - 1].set(UNKNOWN);
        }
        self.depth.set(depth - 1);
    }

    #[inline]
    fn current(&self, layer: u64) -> Current {
        let depth = self.depth.get();
        let Some(known) = self.spans.get(..depth) else { return Current::Unknown };
        let mut inwards = known.iter().rev().map(Cell::get);
        match inwards.find(|entered| entered.layer == layer || *entered == UNKNOWN) {
            Some(UNKNOWN) => Current::Unknown,
            Some(entered) => Current::Span(entered.span),
            None => Current::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each test in a thread of its own: the stack is the thread's.
    fn on_its_own(test: impl FnOnce() + Send) {
        std::thread::scope(|scope| scope.spawn(test).join().unwrap());
    }

    #[test]
    fn the_innermost_span_of_a_layer_is_current() {
        on_its_own(|| {
            assert_eq!(current(1), Current::None);
            enter(1, 10);
            enter(2, 10);
            enter(2, 20);
            assert_eq!((current(1), current(2)), (Current::Span(10), Current::Span(20)));
            exit(2, 10);
            assert_eq!(current(2), Current::Span(20));
            exit(2, 99);
            exit(2, 20);
            assert_eq!((current(1), current(2)), (Current::Span(10), Current::None));
        });
    }

    #[test]
    fn what_is_too_deep_is_unknown_and_comes_back() {
        on_its_own(|| {
            let deepest = DEPTH as u64 + 10;
            (1..=deepest).for_each(|span| enter(1, span));
            assert_eq!(current(1), Current::Unknown);
            exit(1, 3);
            (DEPTH as u64 + 1..=deepest).rev().for_each(|span| exit(1, span));
            assert_eq!(current(1), Current::Span(DEPTH as u64));
        });
    }

    proptest! {
        /// Whatever the order, what is said of the current span is what a plain list says.
        #[test]
        fn agrees_with_a_list(steps in prop::collection::vec((any::<bool>(), 1..100u64), 0..600)) {
            let disagreement = std::thread::spawn(move || {
                let mut list: Vec<u64> = Vec::new();
                let mut peak = 0;
                for (enters, span) in steps {
                    if enters && !list.contains(&span) {
                        enter(1, span);
                        list.push(span);
                    } else if let Some(place) = list.iter().rposition(|entered| *entered == span) {
                        exit(1, span);
                        list.remove(place);
                    }
                    let expected = list.last().map_or(Current::None, |span| Current::Span(*span));
                    peak = if list.is_empty() { 0 } else { peak.max(list.len()) };
                    let said = current(1);
                    if said != expected && !(said == Current::Unknown && peak > DEPTH) {
                        return Some((said, expected));
                    }
                }
                None
            });
            prop_assert_eq!(disagreement.join().unwrap(), None);
        }
    }
}

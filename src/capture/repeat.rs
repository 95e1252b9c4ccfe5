//! One failure, one record: an error that is reported again on its way up.

use tracing::callsite::Identifier;
use uuid::Uuid;

use super::thread::Moment;

/// Shortest message that may be found inside another one.
const TELLING: usize = 6;

/// The marks of an error by which it is known again.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// What the error and its sources say, outermost first.
    pub(crate) messages: Vec<String>,
    /// The spans around the report, innermost first, up to the computation's.
    pub(crate) spans: Vec<u64>,
    pub(crate) place: Place,
    /// It hands an error on and says nothing itself, as `#[instrument(err)]` does.
    pub(crate) hands_on: bool,
    pub(crate) moment: Moment,
}

/// The place in the program that reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Callsite(Identifier),
    Line(std::borrow::Cow<'static, str>, u32),
    Close,
}

/// A failure that has its record.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) id: Uuid,
    pub(crate) report: Report,
}

impl Report {
    /// Whether this is the error of that earlier record, on its way up: reported by a span around the one that
    /// reported first (or by another place in the same span), and the same error by what it says, or because nothing
    /// else happened on the thread in between.
    pub(crate) fn repeats(&self, earlier: &Report) -> bool {
        let (Some(here), Some(there)) = (self.spans.first(), earlier.spans.first()) else { return false };
        let further_up = here != there && earlier.spans.contains(here);
        let same_span = here == there && self.place != earlier.place;
        (further_up || same_span) && (self.is_about(earlier) || (self.hands_on && self.moment.follows(earlier.moment)))
    }

    /// Whether what it says names the earlier error.
    pub(crate) fn is_about(&self, earlier: &Report) -> bool {
        let Some(first) = earlier.messages.first().filter(|message| !message.is_empty()) else { return false };
        let names = |message: &String| message == first || (first.len() >= TELLING && message.contains(first.as_str()));
        let sources = || earlier.messages.iter().skip(1).any(|source| self.messages.first() == Some(source));
        self.messages.iter().any(names) || sources()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(message: &str, spans: &[u64], line: u32) -> Report {
        Report {
            messages: vec![message.to_owned()],
            spans: spans.to_vec(),
            place: Place::Line("x.rs".into(), line),
            hands_on: false,
            moment: Moment::now(),
        }
    }

    #[test]
    fn the_same_error_further_up_is_a_repeat() {
        let first = report("pivot is zero", &[3, 2, 1], 10);
        assert!(report("pivot is zero", &[2, 1], 20).repeats(&first));
        assert!(report("factorisation: pivot is zero", &[1], 30).repeats(&first));
        assert!(report("pivot is zero", &[3, 2, 1], 11).repeats(&first));
    }

    #[test]
    fn another_run_is_no_repeat() {
        let first = report("pivot is zero", &[3, 2, 1], 10);
        assert!(!report("pivot is zero", &[3, 2, 1], 10).repeats(&first), "the same place again: a loop");
        assert!(!report("pivot is zero", &[4, 2, 1], 10).repeats(&first), "a sibling span");
        assert!(!report("no convergence", &[2, 1], 20).repeats(&first), "another error");
        assert!(!report("", &[2, 1], 20).repeats(&report("", &[3, 2, 1], 10)));
    }
}

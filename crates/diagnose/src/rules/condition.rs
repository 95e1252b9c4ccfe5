//! One condition of a rule, and what in a failure meets it.

use super::facts::{Facts, Named, Seen};
use super::rule::Test;
use crate::convergence::Role;
use record::Behaviour;
use record::Value;
use record::internal::{Phrase, Words};

/// The name that is everything's.
const ANY: &str = "any";

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Clue {
    Computation(Phrases),
    Words(Phrases),
    /// Neither words nor method.
    NoWords(Phrases),
    Value(Names, Check),
    NoValue(Names, Check),
    NoSeries(Names),
    Method(Phrases),
    Series(Names, &'static [Behaviour]),
    /// A series that grew by this factor in all.
    Grown(Names, f64),
    NonFinite(Names),
    /// One that grew so before.
    Overflown(Names, f64),
    Crossed(Names),
}

/// What meets a condition.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    /// There is nothing to name.
    Holds,
    /// The computation's name.
    Computation,
    /// A text with the words that were looked for.
    Text { field: &'a str, text: &'a str },
    /// A named value.
    Value(&'a Named<'a>),
    /// A series of the trail.
    Series(&'a Seen<'a>),
    /// One that came to a value that is not finite.
    Broken(&'a Seen<'a>),
    /// One that crossed a bound.
    Crossed(&'a Seen<'a>),
}

impl Clue {
    /// What in these facts meets it.
    pub(super) fn find<'a>(&self, facts: &'a Facts<'a>) -> Option<Found<'a>> {
        let find = |names: &Names, is_met: &dyn Fn(&Seen<'_>) -> bool| {
            facts.series.iter().find(|seen| names.are_of(seen) && is_met(seen))
        };
        let series = |names: &Names, is_met: &dyn Fn(&Seen<'_>) -> bool| find(names, is_met).map(Found::Series);
        match self {
            Clue::Computation(phrases) => {
                let named = phrases.are_any_in(&facts.computation);
                named.then_some(Found::Computation)
            }
            Clue::Words(phrases) => {
                let mut may_be = phrases.0.iter().filter(|phrase| phrase.may_be_in(facts.text_bits));
                let found = may_be.find_map(|phrase| facts.texts.iter().find(|text| phrase.is_in(&text.words)));
                found.map(|text| Found::Text { field: &text.field, text: text.text })
            }
            Clue::NoWords(phrases) => {
                let mut may_be =
                    phrases.0.iter().filter(|phrase| phrase.may_be_in(facts.text_bits | facts.method_bits));
                let all = || facts.texts.iter().chain(&facts.methods);
                let said = may_be.any(|phrase| all().any(|text| phrase.is_in(&text.words)));
                (!said).then_some(Found::Holds)
            }
            Clue::Value(names, check) => {
                facts.values.iter().find(|value| names.name(value) && check.passes(value.value)).map(Found::Value)
            }
            Clue::NoValue(names, check) => {
                let is_there = facts.values.iter().any(|value| names.name(value) && check.passes(value.value));
                (!is_there).then_some(Found::Holds)
            }
            Clue::NoSeries(names) => find(names, &|_| true).is_none().then_some(Found::Holds),
            Clue::Method(phrases) => {
                let mut may_be = phrases.0.iter().filter(|phrase| phrase.may_be_in(facts.method_bits));
                let found = may_be.find_map(|phrase| facts.methods.iter().find(|text| phrase.is_in(&text.words)));
                found.map(|text| Found::Text { field: &text.field, text: text.text })
            }
            Clue::Series(names, behaviours) => series(names, &|seen| behaviours.contains(&seen.convergence.behaviour)),
            Clue::Grown(names, factor) => series(names, &|seen| seen.has_grown(*factor)),
            Clue::Overflown(names, factor) => {
                let has_overflown = |seen: &Seen<'_>| seen.has_overflown(*factor);
                find(names, &has_overflown).map(Found::Broken)
            }
            Clue::NonFinite(names) => {
                find(names, &|seen| seen.convergence.first_non_finite.is_some()).map(Found::Broken)
            }
            Clue::Crossed(names) => find(names, &|seen| seen.convergence.crossed.is_some()).map(Found::Crossed),
        }
    }

    /// How much more it tells than a category does.
    pub(super) fn weight(&self) -> u32 {
        match self {
            Clue::NoValue(..) | Clue::NoWords(_) | Clue::NoSeries(_) => 0,
            Clue::Computation(_) => 1,
            Clue::Words(_) | Clue::Method(_) | Clue::Crossed(_) => 2,
            // That there is no trend is little to go by.
            Clue::Series(_, behaviours) if behaviours.contains(&Behaviour::Irregular) => 2,
            Clue::Value(..) => 3,
            Clue::Series(..) | Clue::Grown(..) => 4,
            Clue::NonFinite(_) => 6,
            Clue::Overflown(..) => 7,
        }
    }

    /// Whether the failure's own numbers show it.
    pub(super) fn is_of_the_trail(&self) -> bool {
        matches!(self, Clue::Series(..) | Clue::Grown(..) | Clue::NonFinite(_) | Clue::Overflown(..) | Clue::Crossed(_))
    }

    /// What an advice can always say of it, outside of brackets too.
    #[cfg(test)]
    pub(super) fn attributes(&self) -> &'static [&'static str] {
        match self {
            Clue::Value(..) => &["", "name"],
            Clue::Series(..) | Clue::Grown(..) => &[
                "",
                "first",
                "last",
                "smallest",
                "largest",
                "rate",
                "fit",
                "rows",
                "from",
                "to",
                "factor",
                "decade",
                "needed",
                "tolerance",
                "period",
            ],
            Clue::NonFinite(_) | Clue::Crossed(_) => &["", "bad", "at", "bound", "first", "last"],
            Clue::Overflown(..) => &["", "bad", "at", "first", "last", "rate", "rows", "from", "to"],
            Clue::Method(_) => &[""],
            Clue::Computation(_) | Clue::Words(_) | Clue::NoWords(_) | Clue::NoValue(..) | Clue::NoSeries(_) => &[],
        }
    }

    /// The name by which an advice calls what was found.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Clue::Value(names, _)
            | Clue::Series(names, _)
            | Clue::Grown(names, _)
            | Clue::NonFinite(names)
            | Clue::Overflown(names, _)
            | Clue::Crossed(names) => names.0.first().map(|name| name.text.as_str()),
            Clue::Method(_) => Some("method"),
            Clue::Computation(_) | Clue::Words(_) | Clue::NoWords(_) | Clue::NoValue(..) | Clue::NoSeries(_) => None,
        }
    }
}

/// Phrases of whole words.
#[derive(Clone, Debug)]
pub(super) struct Phrases(Vec<Phrase>);

impl Phrases {
    pub(super) fn of(phrases: &str) -> Self {
        Phrases(phrases.split('|').filter_map(Phrase::of).collect())
    }

    fn are_any_in(&self, words: &Words) -> bool {
        self.0.iter().any(|phrase| phrase.is_in(words))
    }
}

/// Names of values or series.
#[derive(Clone, Debug)]
pub(super) struct Names(Vec<Name>);

#[derive(Clone, Debug)]
struct Name {
    text: String,
    words: Words,
}

impl Names {
    pub(super) fn of(names: &str) -> Self {
        let name = |name: &str| Name { text: name.to_owned(), words: Words::of(name) };
        Names(names.split('|').filter(|name| !Words::of(name).is_empty()).map(name).collect())
    }

    fn name(&self, value: &Named<'_>) -> bool {
        self.0.iter().any(|name| name.text == ANY || value.words.end_with(&name.words))
    }

    fn are_of(&self, seen: &Seen<'_>) -> bool {
        let is_role = |name: &Name| match name.text.as_str() {
            ANY => seen.role != Role::Counter,
            "quantity" => seen.role.is_of_the_solution(),
            role => role == seen.role.name(),
        };
        let is = |name: &Name| is_role(name) || seen.words.end_with(&name.words);
        self.0.iter().any(is)
    }
}

/// A test of a value, with its phrases taken apart.
#[derive(Clone, Debug)]
pub(super) struct Check {
    test: Test,
    phrases: Phrases,
}

impl Check {
    pub(super) fn of(test: Test) -> Self {
        Check { test, phrases: Phrases::of(if let Test::Words(phrases) = test { phrases } else { "" }) }
    }

    fn passes(&self, value: &Value) -> bool {
        let number = || value.as_f64().filter(|x| !x.is_nan());
        match self.test {
            Test::Known => !matches!(value, Value::Null),
            Test::Above(bound) => number().is_some_and(|x| x > bound),
            Test::Below(bound) => number().is_some_and(|x| x < bound),
            Test::Between(low, high) => number().is_some_and(|x| low < x && x < high),
            Test::NonFinite => is_non_finite(value),
            Test::Words(_) => value.as_str().is_some_and(|text| self.phrases.are_any_in(&Words::of(text))),
            Test::Empty => match value {
                Value::List(list) => list.is_empty(),
                Value::Map(map) => map.is_empty(),
                Value::String(text) => text.is_empty(),
                _ => false,
            },
            Test::Null => matches!(value, Value::Null),
        }
    }
}

fn is_non_finite(value: &Value) -> bool {
    match value {
        Value::Float(x) => !x.is_finite(),
        Value::List(list) => list.iter().any(is_non_finite),
        // The summary of a long array.
        Value::Map(map) => map.get("non_finite").and_then(Value::as_f64).is_some_and(|count| count > 0.0),
        _ => false,
    }
}

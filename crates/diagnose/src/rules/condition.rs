//! The conditions of rules. A condition that holds returns the part of the failure that satisfies it.

use super::facts::{Facts, NamedValue, SearchText, TrailSeries};
use super::non_finite_value::{is_non_finite, is_wrong};
use super::value_test::ValueTest;
use crate::convergence::SeriesRole;
use record::Behaviour;
use record::Value;
use record::internal::{Phrase, WordSequence};

/// The name that matches every value, and every series except counters.
const ANY: &str = "any";

/// A condition of a rule.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Computation(Phrases),
    Words(Phrases),
    /// Neither the texts nor the method contain the phrases.
    WithoutWords(Phrases),
    Value(Names, ValueMatcher),
    WithoutValue(Names, ValueMatcher),
    /// A parameter that is not finite, although its name does not allow infinity.
    NonFiniteParameter,
    /// A returned value that is not finite.
    NonFiniteResult,
    WithoutSeries(Names),
    Method(Phrases),
    /// The texts or the method contain a phrase.
    WordsOrMethod(Phrases),
    Series(Names, &'static [Behaviour]),
    /// A series that grew by at least this factor.
    Growth(Names, f64),
    NonFinite(Names),
    /// A series that grew by at least this factor and then became non-finite.
    Overflow(Names, f64),
    BoundCrossing(Names),
}

/// The part of a failure that satisfies a condition.
#[derive(Clone, Copy, Debug)]
pub(super) enum ConditionMatch<'a> {
    /// The condition asks for something to be absent.
    Absence,
    /// The name of the computation.
    Computation,
    /// A text that contains one of the phrases.
    Text { field: &'a str, text: &'a str },
    /// A named value.
    Value(&'a NamedValue<'a>),
    /// A value that is not finite, or has entries that are not finite.
    NonFiniteValue(&'a NamedValue<'a>),
    /// A series of the trail.
    Series(&'a TrailSeries<'a>),
    /// A series that became non-finite.
    NonFinite(&'a TrailSeries<'a>),
    /// A series that crossed a bound.
    BoundCrossing(&'a TrailSeries<'a>),
}

impl Condition {
    /// Returns the fact that satisfies the condition.
    pub(super) fn find<'a>(&self, facts: &'a Facts<'a>) -> Option<ConditionMatch<'a>> {
        let find_value = |names: &Names, matcher: &ValueMatcher| {
            facts.values.iter().find(|value| names.match_value(value) && matcher.matches(value.value))
        };
        let find_series = |names: &Names, is_met: &dyn Fn(&TrailSeries<'_>) -> bool| {
            facts.series.iter().find(|series| names.match_series(series) && is_met(series))
        };
        match self {
            Condition::Computation(phrases) => {
                phrases.are_any_in(&facts.computation).then_some(ConditionMatch::Computation)
            }
            Condition::Words(phrases) => phrases.find_in(&facts.texts, facts.text_bits),
            Condition::Method(phrases) => phrases.find_in(&facts.methods, facts.method_bits),
            Condition::WordsOrMethod(phrases) => phrases
                .find_in(&facts.texts, facts.text_bits)
                .or_else(|| phrases.find_in(&facts.methods, facts.method_bits)),
            Condition::WithoutWords(phrases) => {
                let is_present = phrases.find_in(&facts.texts, facts.text_bits).is_some()
                    || phrases.find_in(&facts.methods, facts.method_bits).is_some();
                (!is_present).then_some(ConditionMatch::Absence)
            }
            Condition::Value(names, matcher) => find_value(names, matcher).map(ConditionMatch::Value),
            Condition::WithoutValue(names, matcher) => {
                find_value(names, matcher).is_none().then_some(ConditionMatch::Absence)
            }
            Condition::NonFiniteParameter => {
                let mut parameters = facts.values.iter().filter(|value| value.is_parameter());
                parameters.find(|value| is_wrong(value)).map(ConditionMatch::NonFiniteValue)
            }
            Condition::NonFiniteResult => {
                facts.returned.iter().find(|value| is_wrong(value)).map(ConditionMatch::NonFiniteValue)
            }
            Condition::WithoutSeries(names) => {
                find_series(names, &|_| true).is_none().then_some(ConditionMatch::Absence)
            }
            Condition::Series(names, behaviours) => {
                find_series(names, &|series| behaviours.contains(&series.convergence.behaviour))
                    .map(ConditionMatch::Series)
            }
            Condition::Growth(names, factor) => {
                find_series(names, &|series| series.has_grown(*factor)).map(ConditionMatch::Series)
            }
            Condition::Overflow(names, factor) => {
                find_series(names, &|series| series.has_overflowed(*factor)).map(ConditionMatch::NonFinite)
            }
            Condition::NonFinite(names) => find_series(names, &|series| series.convergence.first_non_finite.is_some())
                .map(ConditionMatch::NonFinite),
            Condition::BoundCrossing(names) => {
                find_series(names, &|series| series.convergence.crossed.is_some()).map(ConditionMatch::BoundCrossing)
            }
        }
    }

    /// How specific the condition is. A category alone has a weight of 1.
    pub(super) fn weight(&self) -> u32 {
        match self {
            Condition::WithoutValue(..) | Condition::WithoutWords(_) | Condition::WithoutSeries(_) => 0,
            Condition::Computation(_) => 1,
            Condition::Words(_) | Condition::Method(_) | Condition::WordsOrMethod(_) | Condition::BoundCrossing(_) => 2,
            // The absence of a trend is weak evidence.
            Condition::Series(_, behaviours) if behaviours.contains(&Behaviour::Irregular) => 2,
            Condition::Value(..) => 3,
            Condition::Series(..) | Condition::Growth(..) => 4,
            Condition::NonFinite(_) => 6,
            Condition::NonFiniteResult => 6,
            Condition::Overflow(..) => 7,
            // All else may follow from it.
            Condition::NonFiniteParameter => 9,
        }
    }

    /// Returns true if the condition is about the numbers of the trail.
    pub(super) fn uses_trail(&self) -> bool {
        matches!(
            self,
            Condition::Series(..)
                | Condition::Growth(..)
                | Condition::NonFinite(_)
                | Condition::Overflow(..)
                | Condition::BoundCrossing(_)
        )
    }

    /// The attributes that a template may use outside brackets as well.
    #[cfg(test)]
    pub(super) fn attributes(&self) -> &'static [&'static str] {
        match self {
            Condition::Value(..) => &["", "name"],
            Condition::Series(..) | Condition::Growth(..) => &[
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
            Condition::NonFinite(_) | Condition::BoundCrossing(_) => &["", "bad", "at", "bound", "first", "last"],
            Condition::Overflow(..) => &["", "bad", "at", "first", "last", "rate", "rows", "from", "to"],
            Condition::Method(_) | Condition::NonFiniteParameter | Condition::NonFiniteResult => &[""],
            Condition::Computation(_)
            | Condition::Words(_)
            | Condition::WordsOrMethod(_)
            | Condition::WithoutWords(_)
            | Condition::WithoutValue(..)
            | Condition::WithoutSeries(_) => &[],
        }
    }

    /// The name of the finding in templates.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Condition::Value(names, _)
            | Condition::Series(names, _)
            | Condition::Growth(names, _)
            | Condition::NonFinite(names)
            | Condition::Overflow(names, _)
            | Condition::BoundCrossing(names) => names.0.first().map(|name| name.text.as_str()),
            Condition::Method(_) => Some("method"),
            Condition::NonFiniteParameter => Some("parameter"),
            Condition::NonFiniteResult => Some("returned"),
            Condition::Computation(_)
            | Condition::Words(_)
            | Condition::WordsOrMethod(_)
            | Condition::WithoutWords(_)
            | Condition::WithoutValue(..)
            | Condition::WithoutSeries(_) => None,
        }
    }
}

/// Alternative phrases of whole words.
#[derive(Clone, Debug)]
pub(super) struct Phrases(Vec<Phrase>);

impl Phrases {
    pub(super) fn of(phrases: &str) -> Self {
        Phrases(phrases.split('|').filter_map(Phrase::of).collect())
    }

    fn are_any_in(&self, words: &WordSequence) -> bool {
        self.0.iter().any(|phrase| phrase.is_in(words))
    }

    /// Returns the first text that contains the first phrase that occurs. `bits` are the filter bits of all texts.
    fn find_in<'a>(&self, texts: &'a [SearchText<'a>], bits: u64) -> Option<ConditionMatch<'a>> {
        let mut possible = self.0.iter().filter(|phrase| phrase.may_be_in(bits));
        let found = possible.find_map(|phrase| texts.iter().find(|text| phrase.is_in(&text.words)))?;
        Some(ConditionMatch::Text { field: &found.field, text: found.text })
    }
}

/// Alternative names of values or series.
#[derive(Clone, Debug)]
pub(super) struct Names(Vec<NamePattern>);

#[derive(Clone, Debug)]
struct NamePattern {
    text: String,
    words: WordSequence,
}

impl Names {
    pub(super) fn of(names: &str) -> Self {
        let names = names.split('|').map(|name| NamePattern { text: name.to_owned(), words: WordSequence::of(name) });
        Names(names.filter(|name| !name.words.is_empty()).collect())
    }

    fn match_value(&self, value: &NamedValue<'_>) -> bool {
        // A result is no input.
        let is_any = |name: &NamePattern| name.text == ANY && !value.is_returned();
        self.0.iter().any(|name| is_any(name) || value.words.ends_with(&name.words))
    }

    fn match_series(&self, series: &TrailSeries<'_>) -> bool {
        let is_role = |name: &NamePattern| match name.text.as_str() {
            ANY => series.role != SeriesRole::Counter,
            "quantity" => series.role.measures_solution(),
            role => role == series.role.name(),
        };
        self.0.iter().any(|name| is_role(name) || series.words.ends_with(&name.words))
    }
}

/// A test of a value, with its phrases parsed.
#[derive(Clone, Debug)]
pub(super) struct ValueMatcher {
    test: ValueTest,
    phrases: Phrases,
}

impl ValueMatcher {
    pub(super) fn of(test: ValueTest) -> Self {
        ValueMatcher { test, phrases: Phrases::of(if let ValueTest::Words(phrases) = test { phrases } else { "" }) }
    }

    fn matches(&self, value: &Value) -> bool {
        let number = || value.as_f64().filter(|x| !x.is_nan());
        match self.test {
            ValueTest::Known => !matches!(value, Value::Null),
            ValueTest::Above(bound) => number().is_some_and(|x| x > bound),
            ValueTest::Below(bound) => number().is_some_and(|x| x < bound),
            ValueTest::Between(low, high) => number().is_some_and(|x| low < x && x < high),
            ValueTest::NonFinite => is_non_finite(value),
            ValueTest::Words(_) => value.as_str().is_some_and(|text| self.phrases.are_any_in(&WordSequence::of(text))),
            ValueTest::Empty => match value {
                Value::List(list) => list.is_empty(),
                Value::Map(map) => map.is_empty(),
                Value::String(text) => text.is_empty(),
                _ => false,
            },
            ValueTest::Null => matches!(value, Value::Null),
        }
    }
}

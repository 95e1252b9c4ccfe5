//! The facts about a failed check.

use std::error::Error;
use std::fmt;

use record::internal::parameter;
use record::{Category, Map, Value};
use text::shorten_to_line;

use crate::check::kind::CheckKind;
use crate::check::site::CheckSite;

/// Maximum number of characters of an expression in a message.
const MAX_EXPRESSION_CHARS: usize = 80;

/// Relative growth up to which a value does not grow, because rounding changes it by as much.
const ROUNDING: f64 = 1e-8;

/// The facts about a failed check.
///
/// It is the source of a [`Check`](crate::Check). An error that wraps a check with `#[error(transparent)]` has the
/// sources of the check, so the recorder finds the facts there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FailedCheck {
    pub(crate) kind: CheckKind,
    /// The expression that was checked.
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    /// The place of the value in the value of the expression: `[3]`.
    pub(crate) path: String,
    pub(crate) index: Vec<usize>,
    pub(crate) bound: Option<CheckBound>,
    pub(crate) iteration: Option<i64>,
    pub(crate) trail_end: Option<TrailEnd>,
    pub(crate) site: CheckSite,
}

/// The number or the range with which a value was compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CheckBound {
    /// The expression.
    pub(crate) name: &'static str,
    /// A number, or the text of a range.
    pub(crate) value: Value,
    pub(crate) is_nan: bool,
    /// True if the value has to be smaller than the bound.
    pub(crate) is_strict: bool,
}

/// The last iteration in the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TrailEnd {
    pub(crate) column: &'static str,
    pub(crate) iteration: i64,
}

impl FailedCheck {
    /// Returns the category, which follows from the kind of the check and its numbers.
    pub(crate) fn category(&self) -> Category {
        let is_finite = self.value.as_f64().is_none_or(f64::is_finite);
        if !is_finite || self.bound.as_ref().is_some_and(|bound| bound.is_nan) {
            return Category::NonFinite;
        }
        match self.kind {
            CheckKind::Finite => Category::NonFinite,
            CheckKind::Converged => Category::MaxIterations,
            CheckKind::Decreasing if self.has_grown() => Category::ResidualDivergence,
            CheckKind::Decreasing => Category::Stagnation,
            CheckKind::InRange => Category::ConstraintViolation,
        }
    }

    /// Returns the facts as the record contains them.
    pub(crate) fn event(&self) -> Map {
        let mut event = Map::new();
        event.insert("check", self.kind.name());
        event.insert("name", shorten_to_line(self.name, MAX_EXPRESSION_CHARS));
        event.insert("value", self.value.clone());
        if !self.index.is_empty() {
            event.insert("index", self.index.clone());
        }
        if let Some(bound) = &self.bound {
            event.insert("bound", bound.value.clone());
            if !is_literal(bound.name) {
                event.insert("bound_name", shorten_to_line(bound.name, MAX_EXPRESSION_CHARS));
            }
        }
        if let Some(iteration) = self.iteration {
            let name = if self.kind == CheckKind::Converged { "iterations" } else { "iteration" };
            event.insert(name, iteration);
        }
        if let Some(end) = self.trail_end {
            event.insert("trail_end", Map::from_iter([(end.column, end.iteration)]));
        }
        event
    }

    /// Writes the sentence that a person reads.
    pub(crate) fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{}{}", shorten_to_line(self.name, MAX_EXPRESSION_CHARS), self.path);
        let value = parameter(&self.value);
        let name_and_value = if is_literal(self.name) { value.clone() } else { format!("{name} = {value}") };
        let bound = self.bound.as_ref().map(|bound| parameter(&bound.value)).unwrap_or_default();
        let named_bound = self.bound.as_ref().map(CheckBound::with_name).unwrap_or_default();
        let at = match self.iteration {
            Some(count) if self.kind == CheckKind::Converged => format!(" after {}", iterations(count)),
            Some(iteration) => format!(" at iteration {iteration}"),
            None => String::new(),
        };
        match self.kind {
            CheckKind::Finite => write!(f, "{name} is {value}{at}")?,
            CheckKind::Converged => {
                write!(f, "no convergence{at}: {name_and_value} {} {named_bound}", self.relation())?;
            }
            CheckKind::Decreasing if self.bound.as_ref().is_some_and(|bound| is_computed(bound.name)) => {
                write!(
                    f,
                    "{name} does not decrease{at}: it is {value}, {} {named_bound}",
                    self.relation_of_decrease()
                )?;
            }
            CheckKind::Decreasing => {
                let course = if self.has_grown() { "is growing" } else { "does not decrease" };
                write!(f, "{name} {course}{at}: it was {bound} and is {value}")?;
            }
            CheckKind::InRange => write!(f, "{name_and_value} violates the constraint {named_bound}{at}")?,
        }
        match self.trail_end {
            Some(end) => write!(f, " (the trail ends at {end})"),
            None => Ok(()),
        }
    }

    /// Returns how the value relates to the bound that it has not reached.
    fn relation(&self) -> &'static str {
        match (self.numbers(), &self.bound) {
            (Some((value, bound)), _) if value > bound => "exceeds",
            (_, Some(bound)) if bound.is_strict => "is not less than",
            _ => "is not at most",
        }
    }

    /// Returns how the value relates to a computed bound, which it should have reached.
    fn relation_of_decrease(&self) -> &'static str {
        if self.bound.as_ref().is_some_and(|bound| bound.is_strict) { "not less than" } else { "not at most" }
    }

    /// Returns true if the value is larger than the one before. The bound `0.9 * previous` is not the value before.
    fn has_grown(&self) -> bool {
        let is_previous = self.bound.as_ref().is_some_and(|bound| !is_computed(bound.name));
        is_previous && self.numbers().is_some_and(|(value, previous)| value - previous > ROUNDING * previous.abs())
    }

    fn numbers(&self) -> Option<(f64, f64)> {
        Some((self.value.as_f64()?, self.bound.as_ref()?.value.as_f64()?))
    }
}

impl CheckBound {
    /// Returns the expression and its value. A literal is its own name.
    fn with_name(&self) -> String {
        let (name, value) = (shorten_to_line(self.name, MAX_EXPRESSION_CHARS), parameter(&self.value));
        match self.value {
            _ if is_literal(self.name) => value,
            Value::String(_) => format!("{name} ({value})"),
            _ => format!("{name} = {value}"),
        }
    }
}

/// Returns true if an expression consists of numbers only: `1e-8`, `0.0..=1.0`.
fn is_literal(expression: &str) -> bool {
    let mut words = expression.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.all(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

/// Returns true if an expression computes a number from others: `0.9 * previous`, but not `history[n - 1]`.
fn is_computed(expression: &str) -> bool {
    let mut depth = 0_usize;
    // The compiler writes spaces around the operators of an expression.
    expression.split(' ').any(|word| {
        let is_operator = depth == 0 && ["+", "-", "*", "/"].contains(&word);
        depth += word.matches(['(', '[', '{']).count();
        depth = depth.saturating_sub(word.matches([')', ']', '}']).count());
        is_operator
    })
}

fn iterations(count: i64) -> String {
    if count == 1 { "1 iteration".to_owned() } else { format!("{count} iterations") }
}

impl fmt::Display for TrailEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            "iter" | "it" => write!(f, "iteration {}", self.iteration),
            short if short.len() == 1 => write!(f, "{short} = {}", self.iteration),
            name => write!(f, "{name} {}", self.iteration),
        }
    }
}

/// Shown by reports that list the sources of an error.
impl fmt::Display for FailedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt(f)
    }
}

impl Error for FailedCheck {}

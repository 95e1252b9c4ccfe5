//! Suggests fixes by rules over a record, without a network.

mod builtin;
mod condition;
mod facts;
mod non_finite_value;
mod number;
mod rule;
mod rule_match;
mod template;
mod user_rules;
mod value_test;

use std::cmp::Reverse;

pub use rule::Rule;
pub use user_rules::Rules;
pub use value_test::ValueTest;

use crate::convergence;
use facts::Facts;
use record::internal::PastFix;
use record::{Category, Confidence, Evidence, Failure, Origin, Suggestion, Value};
use region::{Region, flat_parameters};
use rule_match::RuleMatch;

/// Maximum number of suggestions in a record.
const MAX_SUGGESTIONS: usize = 5;
/// Maximum number of earlier fixes among the suggestions.
const MAX_RESOLUTIONS: usize = 2;

/// Adds the convergence of the trail, the category and the suggestions of the built-in rules to a record that lacks
/// them.
///
/// Records that this library writes already have them. Records of other programs may not.
///
/// ```
/// use tracing_failure::{Category, Failure, diagnose};
///
/// let mut failure = Failure::new("rg_flow", "Eq. 1.12", "LinAlgError", "Singular matrix");
/// failure.context.category = Some(Category::SingularMatrix);
/// diagnose(&mut failure);
/// assert!(failure.suggested_fixes[0].contains("rank-revealing"));
/// assert_eq!(failure.context.suggestions[0].rule.as_deref(), Some("singular_matrix"));
/// ```
pub fn diagnose(failure: &mut Failure) {
    diagnose_with(failure, &Rules::default());
}

/// Like [`diagnose`], but also applies user rules. They come before built-in rules of the same weight.
#[doc(hidden)]
pub fn diagnose_with(failure: &mut Failure, user_rules: &Rules) {
    if failure.context.convergence.is_empty() {
        failure.context.convergence = convergence::analyze(failure);
    }
    if matches!(failure.context.category, None | Some(Category::Other)) {
        failure.context.category = convergence::category(failure).or(failure.context.category);
    }
    if failure.context.suggestions.iter().any(|suggestion| suggestion.origin == Origin::Rule) {
        return;
    }
    let room = MAX_SUGGESTIONS.saturating_sub(failure.suggested_fixes.len());
    for suggestion in suggestions(failure, user_rules).into_iter().take(room) {
        failure.suggested_fixes.push(suggestion.fix.clone());
        failure.context.suggestions.push(suggestion);
    }
}

/// Adds the suggestions that the author of the error attached to it.
#[doc(hidden)]
pub fn suggest_as_author(failure: &mut Failure, suggestions: Vec<String>) {
    for fix in suggestions {
        if !fix.trim().is_empty()
            && !failure.suggested_fixes.contains(&fix)
            && failure.suggested_fixes.len() < MAX_SUGGESTIONS
        {
            failure.suggested_fixes.push(fix.clone());
            failure.context.suggestions.push(Suggestion::new(fix, Origin::Author));
        }
    }
}

/// Adds the latest fixes of the same failure. The suggestions of rules follow them.
#[doc(hidden)]
pub fn prepend_resolutions(failure: &mut Failure, fixed: Vec<PastFix>) {
    let max_fixes = failure.suggested_fixes.len() + MAX_RESOLUTIONS;
    for (resolution, id) in fixed {
        if failure.suggested_fixes.len() == max_fixes {
            return;
        }
        if !resolution.fix.trim().is_empty() && !failure.suggested_fixes.contains(&resolution.fix) {
            failure.suggested_fixes.push(resolution.fix.clone());
            let mut suggestion = Suggestion::new(resolution.fix, Origin::Resolution);
            suggestion.confidence = Some(Confidence::High);
            suggestion.time = resolution.time;
            suggestion.fixed = id;
            failure.context.suggestions.push(suggestion);
        }
    }
}

/// Adds the region of the parameters in which most runs failed before. It precedes the suggestions of other rules,
/// which do not know other runs.
#[doc(hidden)]
pub fn suggest_by_region(failure: &mut Failure, region: &Region) {
    let fix = region.sentence();
    let is_rule = |suggestion: &Suggestion| suggestion.origin == Origin::Rule;
    let place = failure.context.suggestions.iter().position(is_rule).unwrap_or(failure.suggested_fixes.len());
    // Both lists have the same order.
    if place > failure.suggested_fixes.len() || place > failure.context.suggestions.len() {
        return;
    }
    let mut suggestion = Suggestion::new(fix.clone(), Origin::Rule);
    suggestion.rule = Some("region".into());
    suggestion.confidence = Some(Confidence::High);
    let parameters = flat_parameters(&failure.parameters);
    let evidence = region.conditions.iter().filter_map(|condition| {
        let (name, cell) = parameters.iter().find(|(name, _)| *name == condition.parameter)?;
        Some(Evidence::new(format!("parameters.{name}"), Value::from(*cell)))
    });
    suggestion.evidence = evidence.collect();
    failure.suggested_fixes.insert(place, fix);
    failure.context.suggestions.insert(place, suggestion);
    let room = MAX_SUGGESTIONS.max(place + 1);
    failure.suggested_fixes.truncate(room);
    failure.context.suggestions.truncate(room);
}

fn suggestions(failure: &Failure, user_rules: &Rules) -> Vec<Suggestion> {
    let category = failure.context.category.unwrap_or(Category::Other);
    let facts = Facts::of(failure);
    let rules = user_rules
        .iter()
        .map(|rule| (rule, true))
        .chain(builtin::rules_for(category).iter().map(|rule| (*rule, false)));
    let mut matches: Vec<RuleMatch<'_>> = rules
        .filter_map(|(rule, is_user_rule)| {
            let found = rule.find(category, &facts)?;
            Some(RuleMatch { rule, is_user_rule, found, fix: None })
        })
        .collect();
    user_rules.run_functions(&mut matches, failure);
    best(matches).into_iter().filter_map(|found| found.suggestion(&facts)).collect()
}

/// Sorts the matches, the most specific first, and selects the best. A user rule precedes a built-in rule of the same
/// weight.
///
/// A built-in rule is dropped if an earlier match has the same topic, or if its confidence is low and a match uses the
/// trail.
fn best(mut matches: Vec<RuleMatch<'_>>) -> Vec<RuleMatch<'_>> {
    matches.sort_by_key(|found| Reverse((found.rule.weight(), found.is_user_rule)));
    if matches.iter().any(|found| found.rule.confidence() == Confidence::High) {
        matches.retain(|found| found.is_user_rule || found.rule.confidence() > Confidence::Low);
    }
    let mut topics = Vec::new();
    let mut best = Vec::new();
    for found in matches {
        let topic = found.rule.topic();
        if found.is_user_rule || !topics.contains(&topic) {
            best.push(found);
        }
        topics.push(topic);
    }
    best.truncate(MAX_SUGGESTIONS);
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use record::TrailEntry;
    use record::{Map, Value};

    fn failure(category: Category, columns: &[(&'static str, Vec<f64>)]) -> Failure {
        let mut failure = Failure::new("solve", "§2", "SolverError", "it failed");
        failure.context.category = Some(category);
        let columns: Map = columns.iter().map(|(name, column)| (*name, Value::from(column.clone()))).collect();
        let mut entry = TrailEntry::default();
        entry.columns = columns;
        failure.context.trail = vec![entry];
        failure
    }

    fn first_fix(mut failure: Failure) -> String {
        diagnose(&mut failure);
        failure.suggested_fixes.first().cloned().unwrap_or_default()
    }

    #[test]
    fn positions_include_dropped_rows() {
        let mut broken = failure(Category::NonFinite, &[("u", vec![1.0, 2.0, 1.5, f64::NAN])]);
        broken.context.trail[0].seen = 104;
        broken.context.trail[0].dropped = 100;
        for (head, place) in [(2, "occurrence 104 of 104"), (4, "occurrence 4 of 104")] {
            broken.context.trail[0].head = Some(head);
            assert!(first_fix(broken.clone()).starts_with(&format!("u is NaN at {place}, after 1.5")), "{head}");
        }
        broken.context.trail[0].dropped = u64::MAX;
        assert!(first_fix(broken).contains("u is NaN"));
    }

    #[test]
    fn a_crossing_is_described_by_its_own_value() {
        let fix = first_fix(failure(
            Category::ConstraintViolation,
            &[("density", vec![1.0, 0.5, 0.1, -0.1, -5.0, f64::NAN])],
        ));
        assert!(
            fix.contains("density is NaN at occurrence 6") || fix.contains("density reached -0.1 at occurrence 4"),
            "{fix}"
        );
        let fix = first_fix(failure(Category::ConstraintViolation, &[("density", vec![1.0, 0.5, 0.1, -0.1, -5.0])]));
        assert!(fix.starts_with("density reached -0.1 at occurrence 4 of 4, beyond its bound 0."), "{fix}");
    }

    #[test]
    fn a_solution_that_begins_at_zero_blows_up_as_well() {
        let solution = |size: f64| (0..40).map(|k| if k == 0 { 0.0 } else { size * 1.01_f64.powi(k) }).collect();
        let fix = |size| first_fix(failure(Category::StepSizeUnderflow, &[("y", solution(size))]));
        assert!(fix(1e13).starts_with("y grew from 0 to 1.47e13"), "{}", fix(1e13));
        assert!(!fix(10.0).contains("grew"), "{}", fix(10.0));
    }

    #[test]
    fn few_iterations_are_named_without_a_series() {
        let limited = |columns: &[(&'static str, Vec<f64>)]| {
            let mut limited = failure(Category::MaxIterations, columns);
            limited.parameters.insert("maxiter", 3);
            first_fix(limited)
        };
        assert!(limited(&[]).starts_with("maxiter = 3 is a low limit"));
        assert!(!limited(&[("residual", vec![1.0, 3.0, 0.5, 2.0])]).contains("is a low limit"));
    }

    #[test]
    fn messages_of_solvers_have_fitting_suggestions() {
        for (message, category, start) in [
            ("NonPositivePivot { index: 0 }", Category::SingularMatrix, "The matrix is not positive definite."),
            ("pivot 1 is zero", Category::SingularMatrix, "The matrix has a zero pivot (index = 0)."),
            ("sd_tolerance must be >= 0", Category::DomainError, "An argument is outside the range that the message"),
            ("tol must be positive", Category::DomainError, "A parameter such as a variance"),
            ("eta must be in [0, 1/4)", Category::DomainError, "The argument has to lie in the interval"),
            ("shape 4×5 is not square", Category::DimensionMismatch, "Only a square matrix has an inverse"),
            ("Unable to solve a non-square system.", Category::DimensionMismatch, "Only a square matrix"),
            (
                "Number of parameters on builder does not match number of parameters in equations",
                Category::DimensionMismatch,
                "Two numbers that have to agree differ",
            ),
        ] {
            let mut failure = Failure::new("solve", "§2", "SolverError", message);
            let mut error = record::ErrorEntry::new(message.to_owned());
            error.data = Some(Value::Map(Map::from_iter([("index", Value::Int(0))])));
            failure.context.errors = vec![error];
            failure.context.category = Some(failure.determine_category());
            assert_eq!(failure.context.category, Some(category), "{message}");
            let fix = first_fix(failure);
            assert!(fix.starts_with(start), "{message}: {fix}");
        }
    }

    #[test]
    fn the_predicate_of_fail_if_matches_no_rule() {
        let message = format!("{}|list| list.is_empty()", record::internal::REJECTED_BY);
        let mut rejected = Failure::new("solve", "§2", "RejectedResult", message);
        rejected.context.category = Some(Category::Other);
        assert_eq!(first_fix(rejected.clone()), "");
        let reason = Map::from_iter([("reason", Value::from("the list of points is empty"))]);
        rejected.context.event = Map::from_iter([("returned", Value::Map(reason))]);
        assert!(first_fix(rejected).starts_with("The input is empty"));
    }

    #[test]
    fn nan_is_a_word_in_rules_too() {
        let mut input = Failure::new("fit", "§2", "ValueError", "Input X contains NaN.");
        input.context.category = Some(Category::NonFinite);
        diagnose(&mut input);
        assert_eq!(input.context.suggestions[0].rule.as_deref(), Some("non_finite.input"));
    }

    #[test]
    fn remaining_iterations_are_estimated() {
        let residual: Vec<f64> = (0..20).map(|k| 1e3 * 0.95_f64.powi(k)).collect();
        let every_tenth: Vec<f64> = (0..20).map(|k| f64::from(10 * k)).collect();
        let mut slow = failure(Category::MaxIterations, &[("residual", residual)]);
        let iterations = Value::List(every_tenth.iter().map(|k| Value::Int(*k as i64)).collect());
        slow.context.trail[0].columns.insert("iteration", iterations);
        // Ln 10 / −ln 0.95 = 44.9 rows of ten iterations for a factor of ten; relative to the first residual.
        slow.parameters.insert("rtol", 1e-2);
        let fix = first_fix(slow.clone());
        assert!(fix.contains("a factor of ten takes 449 iterations"), "{fix}");
        assert!(fix.contains("Getting from 377.4 to 10 takes about 708 more."), "{fix}");
        slow.parameters = Map::new();
        assert!(!first_fix(slow).contains("Getting from"));
    }

    #[test]
    fn an_early_end_is_distinguished_from_divergence() {
        let down: Vec<f64> = (0..30).map(|k| 0.5_f64.powi(k)).collect();
        let up: Vec<f64> = down.iter().rev().copied().collect();
        assert!(first_fix(failure(Category::MaxIterations, &[("residual", down)])).contains("Allow more iterations"));
        assert!(first_fix(failure(Category::MaxIterations, &[("residual", up)])).contains("diverges"));
    }

    #[test]
    fn general_advice_yields_to_numerical_evidence() {
        let mut general = failure(Category::MaxIterations, &[]);
        diagnose(&mut general);
        assert_eq!(general.context.suggestions[0].rule.as_deref(), Some("max_iterations"));
        assert_eq!(general.context.suggestions[0].confidence, Some(Confidence::Low));
        let mut shown = failure(Category::MaxIterations, &[("residual", (0..30).map(|k| 2.0_f64.powi(k)).collect())]);
        diagnose(&mut shown);
        assert!(shown.context.suggestions.iter().all(|known| known.rule.as_deref() != Some("max_iterations")));
    }

    #[test]
    fn there_is_room_for_five_with_those_that_are_there() {
        let mut known = failure(Category::MaxIterations, &[("residual", (0..30).map(|k| 2.0_f64.powi(k)).collect())]);
        known.suggested_fixes = vec!["a".into(), "b".into(), "c".into(), "d".into(), "e".into()];
        diagnose(&mut known);
        assert_eq!(known.suggested_fixes.len(), MAX_SUGGESTIONS);
        let mut resolved = failure(Category::MaxIterations, &[]);
        let fixed = |fix: &str| {
            let mut resolution = record::Resolution::default();
            resolution.fix = fix.to_owned();
            (resolution, None)
        };
        prepend_resolutions(&mut resolved, vec![fixed("one"), fixed(" "), fixed("one"), fixed("two"), fixed("three")]);
        assert_eq!(resolved.suggested_fixes, ["one", "two"]);
    }

    #[test]
    fn the_trail_determines_the_category_without_words() {
        let k = || 0..30;
        for (name, column, category) in [
            ("dt", k().map(|k| 0.5_f64.powi(k)).collect::<Vec<_>>(), Category::StepSizeUnderflow),
            ("density", k().map(|k| 1.0 - f64::from(k) / 10.0).collect(), Category::ConstraintViolation),
            ("u", vec![1.0, 2.0, f64::NAN], Category::NonFinite),
            ("residual", k().map(|k| 2.0_f64.powi(k)).collect(), Category::ResidualDivergence),
            ("residual", k().map(|_| 0.5).collect(), Category::Stagnation),
            ("residual", k().map(|k| 0.99_f64.powi(k)).collect(), Category::MaxIterations),
            ("u", k().map(f64::from).collect(), Category::Other),
        ] {
            let mut other = failure(Category::Other, &[(name, column)]);
            diagnose(&mut other);
            assert_eq!(other.context.category, Some(category), "{name}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 6, |inner| {
            let entries = prop::collection::vec((".{0,6}", inner.clone()), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..6).prop_map(Value::List),
                entries.prop_map(|entries| Value::Map(entries.into_iter().collect())),
            ]
        })
    }

    fn any_column() -> impl Strategy<Value = Value> {
        let number =
            prop_oneof![any::<f64>().prop_map(Value::from), any::<i64>().prop_map(Value::from), Just(Value::Null)];
        prop_oneof![prop::collection::vec(number, 0..30).prop_map(Value::List), any_value()]
    }

    fn any_entry() -> impl Strategy<Value = TrailEntry> {
        let columns = prop::collection::vec(("t|dt|residual|norm|density|iteration|x|.{0,4}", any_column()), 0..5);
        (columns, any::<Option<usize>>(), any::<u64>()).prop_map(|(columns, head, dropped)| {
            let mut entry = TrailEntry::default();
            entry.columns = columns.into_iter().collect();
            entry.head = head;
            entry.dropped = dropped;
            entry
        })
    }

    /// Words that occur in the conditions of rules.
    const WORDS: &str = "(newton|singular|overflow|shape|empty|integral|jacobi|bracket|NaN|0|\\[|\\{t\\}|é| ){0,6}";

    proptest! {
        #[test]
        fn any_record_can_be_diagnosed(
            message in WORDS,
            parameters in prop::collection::vec(("tol|rtol|dt|method|x|courant|.{0,4}", any_value()), 0..6),
            trail in prop::collection::vec(any_entry(), 0..3),
            category in prop::sample::select(Category::all()),
        ) {
            let mut failure = Failure::new("newton_solve", "§2", "SolverError", message);
            failure.parameters = parameters.into_iter().collect::<Map>();
            failure.context.trail = trail;
            failure.context.category = Some(category);
            diagnose(&mut failure);
            prop_assert!(failure.suggested_fixes.len() <= MAX_SUGGESTIONS);
            let open = |fix: &String| [".rate}", ".at}", ".to}"].iter().any(|end| fix.contains(end));
            prop_assert!(!failure.suggested_fixes.iter().any(open), "{:?}", failure.suggested_fixes);
            let known: Vec<&String> = failure.context.suggestions.iter().map(|known| &known.fix).collect();
            prop_assert_eq!(known, failure.suggested_fixes.iter().collect::<Vec<_>>());
            prop_assert!(Failure::from_json(&failure.to_json()).is_ok());
        }
    }
}

//! Messages that state the range of an argument: "`sd_tolerance` must be >= 0", "the rate must be positive".

use super::category::Category;
use crate::phrases::WordSequence;

/// Texts before the range. After the last two, the range begins with its first comparison: "must satisfy 0 < c1".
const REQUIREMENTS: [&str; 8] = [
    "must be ",
    "should be ",
    "has to be ",
    "have to be ",
    "needs to be ",
    "need to be ",
    "must satisfy ",
    "must fulfil ",
];

/// The requirements that a condition follows.
const CONDITIONS: [&str; 2] = ["must satisfy ", "must fulfil "];

/// Comparisons, the longer ones first.
const COMPARISONS: [&str; 10] = ["<=", ">=", "=<", "=>", "≤", "≥", "<", ">", "∈", "in"];

/// Words for a sign.
const SIGNS: [&str; 10] = [
    "positive",
    "strictly positive",
    "a positive",
    "non-negative",
    "non negative",
    "nonnegative",
    "a non-negative",
    "a nonnegative",
    "greater than zero",
    "larger than zero",
];

/// Words that give a sign another meaning if they follow it.
const OTHER_SIGNS: [&str; 3] = ["definite", "semidefinite", "semi"];

/// Subjects that measure success. Their range is a criterion of convergence.
const MEASURES: [&str; 11] = [
    "residual",
    "error",
    "norm",
    "gap",
    "gradient",
    "change",
    "defect",
    "difference",
    "mismatch",
    "violation",
    "objective",
];

/// Subjects that an integrator needs before it can start.
const START_SETTINGS: [&str; 6] = ["step", "dt", "h", "hmax", "atol", "rtol"];

/// Maximum number of words before the requirement that may name its subject.
const MAX_SUBJECT_WORDS: usize = 3;

/// Maximum number of bytes between "must satisfy" and a comparison.
const MAX_CONDITION_BYTES: usize = 48;

/// The range of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// A sign, an interval of numbers, or a lower bound that is a number.
    Setting,
    /// An upper bound that is a number.
    Below,
    /// A bound that is a name.
    Named,
}

/// Returns the category of a message that states the range of an argument. `of_phrases` is the category by phrases.
pub(super) fn category(text: &str, of_phrases: Option<Category>) -> Option<Category> {
    let lower = text.to_ascii_lowercase();
    let (subject, range) = requirements(&lower).find_map(|(subject, rest)| Some((subject, range(rest)?)))?;
    let words = WordSequence::of(subject);
    let mut subject = words.iter().rev().filter(|word| word.starts_with(char::is_alphabetic)).take(MAX_SUBJECT_WORDS);
    let is_measure = subject.clone().next().is_some_and(|word| MEASURES.contains(&word));
    if is_measure || !may_replace(range, of_phrases) {
        return None;
    }
    Some(if subject.any(|word| START_SETTINGS.contains(&word)) {
        Category::Initialization
    } else {
        Category::DomainError
    })
}

/// Returns the text before each requirement, within its sentence, and the text after it.
fn requirements(lower: &str) -> impl Iterator<Item = (&str, &str)> {
    REQUIREMENTS.iter().flat_map(move |requirement| {
        lower.match_indices(requirement).map(move |(at, _)| {
            let before = &lower[..at];
            let subject = before.rsplit([':', '.', ';', ',']).next().unwrap_or(before);
            let rest = &lower[at + requirement.len()..];
            let is_condition = CONDITIONS.contains(requirement);
            (subject, if is_condition { first_comparison(rest) } else { rest })
        })
    })
}

/// Returns the text from its first comparison.
fn first_comparison(rest: &str) -> &str {
    let at = rest.char_indices().find(|(_, c)| "<>≤≥∈".contains(*c)).map_or(rest.len(), |(at, _)| at);
    if at > MAX_CONDITION_BYTES { "" } else { &rest[at..] }
}

fn range(rest: &str) -> Option<Range> {
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || "`'\"".contains(c));
    let sign = SIGNS.iter().find_map(|sign| rest.strip_prefix(sign));
    if let Some(after) = sign {
        let words = WordSequence::of(after.get(..16.min(after.len())).unwrap_or(""));
        let has_other_meaning = words.iter().next().is_some_and(|next| OTHER_SIGNS.contains(&next));
        return (!has_other_meaning && !after.starts_with(char::is_alphanumeric)).then_some(Range::Setting);
    }
    if let Some(after) = ["greater than ", "larger than "].iter().find_map(|words| rest.strip_prefix(words)) {
        return is_number(after).then_some(Range::Setting);
    }
    let comparison = COMPARISONS.iter().find(|comparison| rest.starts_with(*comparison))?;
    let bound = rest[comparison.len()..].trim_start();
    match *comparison {
        "in" | "∈" => bound
            .starts_with(['(', '[', ']'])
            .then(|| if is_number(bound[1..].trim_start()) { Range::Setting } else { Range::Named }),
        _ if !is_number(bound) => Some(Range::Named),
        comparison if comparison.contains(['<', '≤']) => Some(Range::Below),
        _ => Some(Range::Setting),
    }
}

fn is_number(text: &str) -> bool {
    text.trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_digit())
}

/// Returns true if the range of an argument describes the failure better than this category.
fn may_replace(range: Range, of_phrases: Option<Category>) -> bool {
    use Category::*;
    match of_phrases {
        None => true,
        Some(LineSearch | Initialization | MissingInput) => range != Range::Named,
        // The name of the argument: "max_iter must be > 0".
        Some(
            LinearSolve | NonlinearConvergence | MaxIterations | MaxEvaluations | ErrorTest | TimeLimit | Stagnation,
        ) => range == Range::Setting,
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::failure::Category;

    #[test]
    fn ranges_of_arguments_are_domain_errors() {
        for text in [
            "Invalid parameter: \"`Nelder-Mead`: sd_tolerance must be >= 0.\"",
            "`HagerZhangLineSearch`: theta must be > 0.",
            "`LineSearch`: delta must be in (0, 1)",
            "`TrustRegion`: eta must be in [0, 1/4).",
            "`MoreThuenteLineSearch`: Parameter c1 must be in (0, c2).",
            "BrentRoot error: tol must be positive.",
            "`Backtracking`: parameters must satisfy 0 < c1 < c2",
            "error tolerance must be > 0",
            "the rate must be positive, got -3",
            "rate has to be non-negative",
            "alpha must be ≥ 0",
            "alpha should be larger than 0",
            "max_iter must be > 0",
            "GMRES: restart must be >= 1",
            "temperature must be ∈ [0, 1]",
            "n must be < 64",
        ] {
            assert_eq!(Category::of_text(text), Some(Category::DomainError), "{text}");
        }
    }

    #[test]
    fn other_requirements_keep_their_category() {
        for (text, category) in [
            ("time step must be positive, got -0.01", Some(Category::Initialization)),
            ("dt must be > 0", Some(Category::Initialization)),
            ("`atol` must be positive.", Some(Category::Initialization)),
            ("the matrix must be positive definite", Some(Category::SingularMatrix)),
            ("no convergence: residual must be < 1e-8", Some(Category::MaxIterations)),
            ("the residual must be < 1e-8", None),
            ("`min_bound` must be smaller than `max_bound`.", Some(Category::Initialization)),
            ("Initial estimate must be ∈ [min_bound, max_bound].", Some(Category::Initialization)),
            ("x must be > 0, got NaN", Some(Category::NonFinite)),
            ("density became negative: it must be > 0", Some(Category::ConstraintViolation)),
            ("there must be a result", None),
            ("must be -> a closure", None),
            ("the matrix must be (3, 1)", None),
            ("it must be inside", None),
            ("must be", None),
            ("must be positiv", None),
            ("must satisfy the operator", None),
        ] {
            assert_eq!(Category::of_text(text), category, "{text}");
        }
    }
}

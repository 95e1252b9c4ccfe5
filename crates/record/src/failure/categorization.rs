//! Determines the category of a failure from its errors.
//!
//! The failing error decides. If it identifies no category, its cause decides, and so on. An error that was only being
//! handled when the failing one was raised (Python's `__context__`) may be unrelated, so it comes last.

use runtime::lock::Lazy;

use super::category::{Category, PHRASES};
use super::context::{ErrorEntry, Relation};
use super::record::Failure;
use super::returned::{returned_nan, returned_texts};
use super::{assertion, lapack, requirement};
use crate::phrases::{Phrase, WordSequence};
use text::shorten;

/// Maximum number of bytes of a text that are searched.
const MAX_TEXT_BYTES: usize = 4096;

/// The beginning of the message about a result that `fail_if` rejected. The text of the predicate follows.
pub const REJECTED_BY: &str = "the result is rejected by fail_if = ";

/// Names of errors that suggest a category if no other text does.
const VAGUE_NAMES: [(&str, Category); 6] = [
    ("shape", Category::DimensionMismatch),
    ("shapes", Category::DimensionMismatch),
    ("dimension", Category::DimensionMismatch),
    ("dimensions", Category::DimensionMismatch),
    ("domain", Category::DomainError),
    ("pivot", Category::SingularMatrix),
];

/// All phrases with the category that each identifies. Earlier phrases are more specific.
static ALL_PHRASES: Lazy<Vec<(Category, Phrase)>> = Lazy::new(|| {
    let pairs = PHRASES.iter().flat_map(|(category, phrases)| phrases.iter().map(|phrase| (*category, *phrase)));
    pairs.filter_map(|(category, phrase)| Some((category, Phrase::of(phrase)?))).collect()
});

impl Category {
    /// Returns the category that the words of a text identify.
    #[doc(hidden)]
    pub fn of_text(text: &str) -> Option<Self> {
        let words = WordSequence::of_message(text);
        let category = ALL_PHRASES.get().iter().find(|(_, phrase)| phrase.is_in(&words)).map(|(category, _)| *category);
        requirement::category(text, category)
            .or(category)
            .or_else(|| lapack::category(text, &words))
            .or_else(|| assertion::category(text))
    }

    /// Returns the category that the whole name of an error suggests, such as `Shape`.
    #[doc(hidden)]
    pub fn of_name(name: &str) -> Option<Self> {
        let last = name.rsplit([':', '.']).next().unwrap_or(name);
        VAGUE_NAMES.iter().find(|(known, _)| last.eq_ignore_ascii_case(known)).map(|(_, category)| *category)
    }
}

impl Failure {
    /// Returns the category that the texts of a record identify.
    #[doc(hidden)]
    pub fn determine_category(&self) -> Category {
        self.category_of_related(false).or_else(|| self.category_of_related(true)).unwrap_or(Category::Other)
    }

    /// Returns true if handled errors are relevant: no other error identifies a category, or there is no handled error.
    #[doc(hidden)]
    pub fn needs_handled_errors(&self) -> bool {
        let is_handled = (0..self.context.errors.len()).any(|index| self.is_handled(index));
        !is_handled || self.category_of_related(false).is_none()
    }

    /// Returns true if the error, or one that it is related to, was only being handled when another one was raised.
    #[doc(hidden)]
    pub fn is_handled(&self, index: usize) -> bool {
        let errors = &self.context.errors;
        let mut index = index;
        while let Some(error) = errors.get(index) {
            if error.relation == Some(Relation::Context) {
                return true;
            }
            match error.related_to.or(index.checked_sub(1)) {
                Some(before) if before < index => index = before,
                _ => return false,
            }
        }
        false
    }

    /// Returns the category of the errors that were being handled, or of the others.
    fn category_of_related(&self, handled: bool) -> Option<Category> {
        let context = &self.context;
        let mut vague = None;
        let mut strong = |names: &[&str], messages: &[&str]| match category_of_texts(names) {
            Some(named) if named != Category::MaxIterations => Some(named),
            // A generic type such as `ConvergenceError` is less specific than the message.
            other => {
                let of_messages = category_of_texts(messages);
                vague = vague.or(other);
                of_messages
            }
        };
        let fields = context.event.iter().filter_map(|(_, value)| value.as_str());
        if handled {
            return self.by_precedence(true).find_map(|error| strong(&names(error), &messages(error))).or(vague);
        }
        let of_result = returned_texts(&context.event).into_iter().map(|(_, text)| text);
        let reason = context.reason.as_deref();
        strong(reason.as_slice(), &[])
            .or_else(|| self.by_precedence(false).find_map(|error| strong(&names(error), &messages(error))))
            .or_else(|| strong(&[&self.error_type], &[&self.error_message]))
            .or_else(|| category_of_texts(&fields.chain(of_result).collect::<Vec<_>>()))
            .or(vague)
            .or_else(|| returned_nan(&context.event).then_some(Category::NonFinite))
            .or_else(|| self.by_precedence(false).flat_map(names).find_map(Category::of_name))
    }

    /// Returns the failing error, then its causes. The members of a group come before the group, whose message
    /// describes all of them.
    fn by_precedence(&self, handled: bool) -> impl Iterator<Item = &ErrorEntry> {
        let errors = &self.context.errors;
        let is_member = |error: &&ErrorEntry| error.relation == Some(Relation::Member);
        let indexed = errors.iter().enumerate();
        let selected = indexed.filter(move |(index, _)| self.is_handled(*index) == handled).map(|(_, error)| error);
        let others = selected.clone().filter(move |error| !is_member(error));
        selected.filter(is_member).chain(others)
    }
}

/// Returns the names of an error: its variant, then its type.
fn names(error: &ErrorEntry) -> Vec<&str> {
    // Without Python's module: `scipy.stats._axis_nan_policy` does not describe the error.
    let type_name = error.type_name.as_deref().and_then(|name| name.rsplit('.').next());
    error.variant.as_deref().into_iter().chain(type_name).collect()
}

fn messages(error: &ErrorEntry) -> Vec<&str> {
    std::iter::once(&error.message).chain(&error.notes).map(String::as_str).collect()
}

/// Returns true for a text whose words do not describe the failure.
///
/// The Python package writes such a text instead of an unreadable message; it names the type of another error. The
/// predicate of `fail_if` describes every result that is rejected: `|list| list.is_empty()`.
pub fn is_unrelated(text: &str) -> bool {
    (text.starts_with("<its str raised ") && text.ends_with('>')) || text.starts_with(REJECTED_BY)
}

fn category_of_texts(texts: &[&str]) -> Option<Category> {
    texts.iter().filter(|text| !is_unrelated(text)).find_map(|text| Category::of_text(&shorten(text, MAX_TEXT_BYTES)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_messages_determine_the_category() {
        for (text, category) in [
            ("StepSizeUnderflow", Category::StepSizeUnderflow),
            ("MaxNumStepReached", Category::MaxIterations),
            ("Stopped at x = 3. Need more than 100000 steps.", Category::MaxIterations),
            ("RG flow integration failed to converge", Category::MaxIterations),
            ("NaNDetected", Category::NonFinite),
            ("found NaN in the residual", Category::NonFinite),
            ("value is inf", Category::NonFinite),
            ("Matrix is singular to working precision", Category::SingularMatrix),
            ("LinAlgError: Singular matrix", Category::SingularMatrix),
            ("operands could not be broadcast: shape mismatch", Category::DimensionMismatch),
            ("attempt to add with overflow", Category::Panic),
            ("missing parameter `rtol`", Category::MissingInput),
            ("line search failed", Category::LineSearch),
            ("CV_TOO_MUCH_WORK", Category::MaxIterations),
            ("IDA_ERR_FAIL", Category::ErrorTest),
            ("KIN_MXNEWT_5X_EXCEEDED", Category::NonlinearConvergence),
            ("KSP_DIVERGED_INDEFINITE_PC", Category::Breakdown),
            ("SNES_DIVERGED_FUNCTION_DOMAIN", Category::DomainError),
            ("TS_DIVERGED_NONLINEAR_SOLVE", Category::NonlinearConvergence),
            ("DIVERGED_FNORM_NAN", Category::NonFinite),
            ("DtLessThanMin", Category::StepSizeUnderflow),
            ("Matrix is close to singular or badly scaled. RCOND = 1e-17", Category::IllConditioned),
            ("precision lost in all digits", Category::LossOfAccuracy),
            ("cannot allocate 149 GiB", Category::OutOfMemory),
            ("got SIGTERM", Category::Interrupted),
            ("invalid value encountered in sqrt", Category::DomainError),
            ("invalid value encountered in subtract", Category::NonFinite),
            ("Input X contains NaN.", Category::NonFinite),
            ("SVD did not converge", Category::NonFinite),
            ("Could not find root within given tolerance. (0.1 > 2.2e-19)", Category::MaxIterations),
            ("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)", Category::DimensionMismatch),
            ("CUDA out of memory. Tried to allocate 20.00 MiB", Category::OutOfMemory),
            ("underflow in dt 0.0", Category::StepSizeUnderflow),
            ("NonPositivePivot { index: 0 }", Category::SingularMatrix),
            ("ZeroPivot { index: 3 }", Category::SingularMatrix),
            ("pivot 1 is zero", Category::SingularMatrix),
            ("the pivot in row 3 is zero", Category::SingularMatrix),
            ("zero on the diagonal at 4", Category::SingularMatrix),
            ("Linear resolution failed.", Category::SingularMatrix),
            ("shape 4×5 is not square", Category::DimensionMismatch),
            ("Unable to solve a non-square system.", Category::DimensionMismatch),
            ("NonSquare", Category::DimensionMismatch),
            (
                "Number of parameters on builder does not match number of parameters in equations. Expected 2, got 0",
                Category::DimensionMismatch,
            ),
            ("Interpolation vector is not the correct length, expected 2, got 3", Category::DimensionMismatch),
            ("Batch count does not match, expected 2, got 3", Category::DimensionMismatch),
            ("The input vector must be of the same size as the matrix.", Category::DimensionMismatch),
        ] {
            assert_eq!(Category::of_text(text), Some(category), "{text}");
        }
    }

    #[test]
    fn words_are_whole() {
        for text in ["missing information", "banana", "instant", "informal", "", "singularity theory"] {
            assert_eq!(Category::of_text(text), None, "{text}");
        }
    }

    #[test]
    fn similar_words_have_no_category() {
        for text in [
            "pivot 1 is zero-based",
            "pivot 1 is zero indexed",
            "the pivot index is zero",
            "not square roots but cubes",
            "the field is not square-integrable",
            "a non-square root",
            "the checksum does not match",
            "the version does not match",
            "the number of the job",
            "the shape parameter",
            "invalid shape parameter alpha",
            "incorrect shape factor",
            "ready, expected 2, got 3",
            "positive pivot",
            "the count is right",
        ] {
            assert_eq!(Category::of_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_vague_name_yields_to_the_message() {
        let with_variant = |variant: &str, message: &str| {
            let mut failure = failure(&[("Error", message, None)]);
            failure.context.errors[0].variant = Some(variant.to_owned());
            failure.determine_category()
        };
        assert_eq!(with_variant("Shape", "4 and 5"), Category::DimensionMismatch);
        assert_eq!(with_variant("Shape", "the shape parameter must be > 0"), Category::DomainError);
        assert_eq!(with_variant("ShapeParameter", "4 and 5"), Category::Other);
    }

    #[test]
    fn the_predicate_of_fail_if_is_no_description() {
        let rejected = |predicate: &str, event: &str| {
            let mut failure = failure(&[("RejectedResult", &format!("{REJECTED_BY}{predicate}"), None)]);
            failure.context.event = serde_json::from_str(event).unwrap();
            failure.determine_category()
        };
        for (predicate, event, category) in [
            ("|s| s.is_empty()", "{}", Category::Other),
            ("|s| s.is_nan()", r#"{"returned": 1.0}"#, Category::Other),
            ("|s| s.is_nan()", r#"{"returned": "NaN"}"#, Category::NonFinite),
            ("|s| s.diverged", r#"{"returned": {"reason": "DIVERGED_MAX_IT"}}"#, Category::MaxIterations),
            (
                "|s| !s.ok",
                r#"{"returned": {"state": {"termination": "Maximum number of iterations reached"}, "x": "NaN"}}"#,
                Category::MaxIterations,
            ),
        ] {
            assert_eq!(rejected(predicate, event), category, "{predicate} {event}");
        }
    }

    fn failure(errors: &[(&str, &str, Option<Relation>)]) -> Failure {
        let mut failure = Failure::new("c", "r", errors[0].0, errors[0].1);
        failure.context.errors = errors
            .iter()
            .map(|(name, message, relation)| ErrorEntry {
                type_name: Some((*name).to_owned()),
                message: (*message).to_owned(),
                relation: *relation,
                ..ErrorEntry::default()
            })
            .collect();
        failure
    }

    #[test]
    fn the_failing_error_decides() {
        let context = Some(Relation::Context);
        for (errors, category) in [
            (
                &[("LinAlgError", "Singular matrix", None), ("KeyError", "'cache'", context)][..],
                Category::SingularMatrix,
            ),
            (&[("Error", "it went wrong", None), ("KeyError", "'cache'", context)], Category::MissingInput),
            (&[("ConvergenceError", "", None), ("KeyError", "'cache'", context)], Category::MaxIterations),
            (&[("ConvergenceError", "", None), ("E", "Singular matrix", None)], Category::SingularMatrix),
            (&[("E", "NaN in x", None), ("E", "Singular matrix", None)], Category::NonFinite),
            (&[("E", "x", None), ("E", "y", context), ("E", "Singular matrix", None)], Category::SingularMatrix),
            (
                &[("Group", "no convergence", None), ("E", "Singular matrix", Some(Relation::Member))],
                Category::SingularMatrix,
            ),
        ] {
            assert_eq!(failure(errors).determine_category(), category, "{errors:?}");
        }
    }

    #[test]
    fn errors_after_a_handled_error_are_handled() {
        let mut failure =
            failure(&[("A", "", None), ("B", "", Some(Relation::Context)), ("C", "", None), ("D", "", None)]);
        failure.context.errors[3].related_to = Some(0);
        let handled: Vec<bool> = (0..5).map(|index| failure.is_handled(index)).collect();
        assert_eq!(handled, [false, true, true, false, false]);
    }
}

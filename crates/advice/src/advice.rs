//! What a model advised, and how it becomes part of a record.

use chrono::{DateTime, Utc};
use record::{Origin, Suggestion};
use serde::{Deserialize, Serialize};

use crate::models::{Answer, Fix};
use text::{fit, one_line};

/// Columns of the name of a model, or of who offers it.
const MAX_NAME_COLUMNS: usize = 200;

/// An answer, and where it is from.
///
/// ```
/// # let json = r#"{"root_cause": "It diverges.", "fixes": [{"change": "Damp it", "reason": "r"}], "confidence": "low"}"#;
/// # let model = tracing_failure_advice::Model::from_fn("here", "a-model", move |_| Ok(json.to_owned()));
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// let advice = tracing_failure_advice::Advisor::new(model).advise(&failure)?;
/// assert_eq!((&*advice.provider, &*advice.model), ("here", "a-model"));
/// assert!(!advice.is_cached);
/// # Ok::<(), tracing_failure_advice::AdviceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Advice {
    /// Who offers the model.
    pub provider: String,
    /// The model, as the server names it.
    pub model: String,
    /// When it was asked.
    pub time: DateTime<Utc>,
    /// SHA-256 of what it was asked, in hexadecimal.
    pub prompt_hash: String,
    /// What it took, the question included, where the server counts.
    pub tokens: Option<u64>,
    /// What it said.
    pub answer: Answer,
    /// Whether it was said before, and nobody was asked now.
    #[serde(skip)]
    pub is_cached: bool,
    /// Why the answer is not kept in `.suggestions`, where that failed: the same question will be asked, and paid for, again.
    #[serde(skip)]
    pub cache_error: Option<String>,
}

impl Advice {
    /// One entry for each fix, as records have them in `context.suggestions`.
    ///
    /// ```
    /// # let json = r#"{"root_cause": "It diverges.", "fixes": [{"change": "Damp it", "reason": "r"}], "confidence": "low"}"#;
    /// # let model = tracing_failure_advice::Model::from_fn("here", "m", move |_| Ok(json.to_owned()));
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// let advice = tracing_failure_advice::Advisor::new(model).advise(&failure)?;
    /// assert_eq!(advice.suggestions()[0].fix, "Damp it: r");
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    pub fn suggestions(&self) -> Vec<Suggestion> {
        self.answer.fixes.iter().map(|fix| self.suggestion(fix)).collect()
    }

    fn suggestion(&self, fix: &Fix) -> Suggestion {
        let mut suggestion = Suggestion::default();
        suggestion.fix = fix_text(fix);
        suggestion.origin = Origin::Model;
        suggestion.confidence = Some(self.answer.confidence);
        suggestion.root_cause = Some(self.answer.root_cause.clone());
        suggestion.location = fix.location.clone();
        suggestion.reason = Some(fix.reason.clone());
        suggestion.code = fix.code.clone();
        suggestion.provider = Some(fit(&one_line(&self.provider), MAX_NAME_COLUMNS).into_owned());
        suggestion.model = Some(fit(&one_line(&self.model), MAX_NAME_COLUMNS).into_owned());
        suggestion.prompt_hash = Some(self.prompt_hash.clone());
        suggestion.time = Some(self.time);
        suggestion
    }
}

/// What `suggested_fixes` says: what to change, where, and why.
fn fix_text(fix: &Fix) -> String {
    let location = fix.location.as_deref().map(|location| format!(" ({location})")).unwrap_or_default();
    let change = fix.change.trim().trim_end_matches('.');
    one_line(&format!("{change}{location}: {}", fix.reason.trim())).into_owned()
}

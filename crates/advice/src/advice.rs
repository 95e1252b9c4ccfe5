//! Advice of a model and its conversion to suggestions.

use chrono::{DateTime, Utc};
use record::{Origin, Suggestion};
use serde::{Deserialize, Serialize};

use crate::models::{Answer, Fix};
use text::{one_line, truncate_to_width};

/// Maximum width of the names of a model and its provider.
const MAX_NAME_COLUMNS: usize = 200;

/// The answer of a model with its provenance.
///
/// ```
/// # let json = r#"{"root_cause": "It diverges.", "confidence": "low",
/// #     "fixes": [{"change": "Damp it", "reason": "r"}]}"#;
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
    /// The provider of the model.
    pub provider: String,
    /// The name of the model, as the server reports it.
    pub model: String,
    /// The time of the request.
    pub time: DateTime<Utc>,
    /// SHA-256 of the prompt, in hexadecimal.
    pub prompt_hash: String,
    /// The number of tokens of prompt and answer, if the server reports it.
    pub tokens: Option<u64>,
    /// The answer.
    pub answer: Answer,
    /// True if the answer comes from the cache and the model was not asked.
    #[serde(skip)]
    pub is_cached: bool,
    /// The reason why the answer could not be cached. The next call sends the same prompt again and uses tokens again.
    #[serde(skip)]
    pub cache_error: Option<String>,
}

impl Advice {
    /// Converts each fix to an entry of `context.suggestions` in a record.
    ///
    /// ```
    /// # let json = r#"{"root_cause": "It diverges.", "confidence": "low",
    /// #     "fixes": [{"change": "Damp it", "reason": "r"}]}"#;
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
        suggestion.provider = Some(truncate_to_width(&one_line(&self.provider), MAX_NAME_COLUMNS).into_owned());
        suggestion.model = Some(truncate_to_width(&one_line(&self.model), MAX_NAME_COLUMNS).into_owned());
        suggestion.prompt_hash = Some(self.prompt_hash.clone());
        suggestion.time = Some(self.time);
        suggestion
    }
}

/// The text for `suggested_fixes`: change, location and reason.
fn fix_text(fix: &Fix) -> String {
    let location = fix.location.as_deref().map(|location| format!(" ({location})")).unwrap_or_default();
    let change = fix.change.trim().trim_end_matches('.');
    one_line(&format!("{change}{location}: {}", fix.reason.trim())).into_owned()
}

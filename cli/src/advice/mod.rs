//! What a model advised: where it is kept, and how it becomes part of a record.

mod cache;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing_failure::{Confidence, Origin, Suggestion};

use crate::models::{Answer, Fix};
use crate::screen::{fit, one_line};
pub(crate) use cache::Cache;

/// Columns of a model's name.
const MODEL: usize = 200;

/// An answer, and where it is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Advice {
    /// Who offers the model.
    pub(crate) provider: String,
    /// The model, as the server names it.
    pub(crate) model: String,
    /// When it was asked.
    pub(crate) time: DateTime<Utc>,
    /// SHA-256 of what it was asked.
    pub(crate) prompt_hash: String,
    /// What it took, the question included, where the server counts.
    pub(crate) tokens: Option<u64>,
    pub(crate) answer: Answer,
}

impl Advice {
    /// One entry for each fix, as records have them.
    pub(crate) fn suggestions(&self) -> Vec<Suggestion> {
        self.answer.fixes.iter().map(|fix| self.suggestion(fix)).collect()
    }

    fn suggestion(&self, fix: &Fix) -> Suggestion {
        let mut suggestion = Suggestion::default();
        suggestion.fix = in_one_line(fix);
        suggestion.origin = Origin::Model;
        suggestion.confidence = Confidence::from_name(self.answer.confidence.name());
        suggestion.root_cause = Some(self.answer.root_cause.clone());
        suggestion.location = fix.location.clone();
        suggestion.reason = Some(fix.reason.clone());
        suggestion.code = fix.code.clone();
        suggestion.provider = Some(self.provider.clone());
        suggestion.model = Some(fit(&one_line(&self.model), MODEL).into_owned());
        suggestion.prompt_hash = Some(self.prompt_hash.clone());
        suggestion.time = Some(self.time);
        suggestion
    }
}

/// What `suggested_fixes` says: what to change, where, and why.
fn in_one_line(fix: &Fix) -> String {
    let location = fix.location.as_deref().map(|location| format!(" ({location})")).unwrap_or_default();
    let change = fix.change.trim().trim_end_matches('.');
    one_line(&format!("{change}{location}: {}", fix.reason.trim())).into_owned()
}

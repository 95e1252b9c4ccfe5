//! What a list needs of a record: the trail, the stack and the like are passed over, not read.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tracing_failure::{Category, Failure};
use uuid::Uuid;

use crate::screen::one_line;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Summary {
    pub(crate) timestamp: DateTime<Utc>,
    pub(crate) computation: String,
    pub(crate) theoretical_ref: String,
    pub(crate) error_type: String,
    pub(crate) error_message: String,
    pub(crate) context: Context,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Context {
    pub(crate) id: Option<Uuid>,
    pub(crate) session_id: Option<String>,
    #[serde(default)]
    pub(crate) fingerprint: String,
    pub(crate) category: Option<Category>,
}

impl Summary {
    pub(crate) fn read(json: &[u8]) -> serde_json::Result<Self> {
        let mut summary: Summary = serde_json::from_slice(json)?;
        if summary.context.fingerprint.is_empty() {
            // A record of another program: what it has of errors and spans is part of it.
            let failure: Failure = serde_json::from_slice(json)?;
            summary.context.fingerprint = failure.fingerprint().into_owned();
        }
        Ok(summary)
    }

    pub(crate) fn of(failure: &Failure) -> Self {
        let context = Context {
            id: failure.context.id,
            session_id: failure.context.session_id.clone(),
            fingerprint: failure.fingerprint().into_owned(),
            category: failure.context.category,
        };
        Summary {
            timestamp: failure.timestamp,
            computation: failure.computation.clone(),
            theoretical_ref: failure.theoretical_ref.clone(),
            error_type: failure.error_type.clone(),
            error_message: failure.error_message.clone(),
            context,
        }
    }

    /// The end of the id, which tells records of one time apart; else the file's name.
    pub(crate) fn short_id(&self, path: &Path) -> String {
        const DIGITS: usize = 8;
        match self.context.id {
            Some(id) => id.simple().to_string()[32 - DIGITS..].to_owned(),
            None => one_line(&path.file_stem().unwrap_or_default().to_string_lossy()).into_owned(),
        }
    }

    pub(crate) fn category(&self) -> &'static str {
        self.context.category.map_or("", Category::name)
    }

    /// The error's type and what it says, on one line.
    pub(crate) fn error(&self) -> String {
        one_line(&format!("{}: {}", self.error_type, self.error_message)).into_owned()
    }
}

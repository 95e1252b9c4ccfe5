//! The detector of secrets for recording, language models and publishing.
//!
//! It recognises names (`names.rs`), the forms in which a text assigns a value to a name (`forms.rs`), URLs
//! (`urls.rs`), private keys (`keys.rs`) and published token formats (`tokens.rs`). `values.rs` applies it to
//! structured values, where numbers stay numbers, and `record.rs` to whole records.

mod forms;
mod json;
mod keys;
mod names;
mod record;
mod redactor;
mod secret_range;
mod shape;
mod text;
mod text_cache;
mod tokens;
mod units;
mod urls;
mod validation;
mod values;

pub use json::{Json, SecretFinding, secrets, secrets_in_text};
pub use names::NameKind;
pub use redactor::{Redactor, is_secret_name, redact_text};
pub use secret_range::REDACTED;
pub use text_cache::FieldName;

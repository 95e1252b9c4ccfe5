//! Asks a language model for the cause of a failure and for fixes.
//!
//! The prompt contains the record of [tracing-failure](https://docs.rs/tracing-failure): the error, the computation
//! with its theoretical reference and parameters, the numbers of the trail, the source code around the error, and fixes
//! of the same failure in other runs. The answer contains a root cause and one to five fixes, which can be added to the
//! record.
//!
//! ```
//! use tracing_failure::{Failure, Store};
//! use tracing_failure::record::{Amendment, amend};
//! use tracing_failure_advice::{Advisor, Model};
//!
//! # let dir = std::env::temp_dir().join(format!("tracing-failure-advice-lib-{}", std::process::id()));
//! let failure = Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "no convergence within 50 iterations");
//! let path = Store::open(&dir)?.write(&failure)?; // "io/failures" in a program
//!
//! // For a model at a server, use `Model::new(&ModelOptions::new().or_env()?)?`.
//! let model = Model::from_fn("here", "a-model", |prompt| {
//!     assert!(prompt.user.contains("no convergence within 50 iterations"));
//!     Ok(r#"{"root_cause": "The start is too far away.", "confidence": "medium", "fixes":
//!         [{"change": "Start at 3.5", "location": "src/newton.rs:7", "reason": "the root is there"}]}"#.to_owned())
//! });
//! let advice = Advisor::new(model).dir(&dir).advise(&failure)?;
//! assert_eq!(advice.answer.root_cause, "The start is too far away.");
//!
//! amend(&path, &Amendment::of_suggestions(advice.suggestions()))?;
//! let fixes = Failure::from_path(&path)?.suggested_fixes;
//! assert_eq!(fixes.last().unwrap(), "Start at 3.5 (src/newton.rs:7): the root is there");
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//!
//! - Only [`Advisor::advise`] sends data. It sends the text that [`Advisor::dry_run`] returns, and the key.
//! - Secrets, home directories and host names are redacted, unless [`redact`](Advisor::redact) disables it, or the
//!   model is on this machine and an option or environment variable names its server.
//! - A server that only a `failures.toml` names receives no key and no secrets, and nothing at all if it is on another
//!   machine. Files that another user could have written are not read. Keys are sent over http to this machine only.
//! - Answers, errors and files never contain a key, even if the server repeats it.
//! - The prompt fences the record with a marker that the record cannot contain, and tells the model to treat it as
//!   data.
//! - Without a directory, nothing is written.

mod advice;
mod advisor;
mod cache;
mod error;
mod models;
mod prompt;

pub use advice::Advice;
pub use advisor::Advisor;
pub use error::{AdviceError, ErrorKind};
pub use models::{Answer, Fix, Model, ModelOptions, Provider};
pub use prompt::Prompt;

/// Threads share and send the types of the API.
#[cfg(test)]
const _: () = {
    const fn require<T: Send + Sync>() {}
    require::<(Advice, Advisor, AdviceError, Answer, Fix, Model, ModelOptions, Prompt)>();
};

/// The chapter of the book as a doctest, so that its Rust blocks compile.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/src/language-models.md")]
struct Chapter;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

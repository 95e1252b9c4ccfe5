//! Asks a language model why a computation failed, and what to try.
//!
//! The question is made of the record that [`tracing_failure`] left: the error, what was computed by which equation with
//! which parameters, how the numbers went before, the source around it, and what fixed the same failure in other runs. The
//! answer has a root cause and one to five fixes, which can become part of the record.
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
//! // A model at a server is a `Model::new(&ModelOptions::new().or_env()?)?`.
//! let model = Model::from_fn("here", "a-model", |prompt| {
//!     assert!(prompt.user.contains("no convergence within 50 iterations"));
//!     Ok(r#"{"root_cause": "The start is too far away.", "confidence": "medium", "fixes":
//!         [{"change": "Start at 3.5", "location": "src/newton.rs:7", "reason": "the root is there"}]}"#.to_owned())
//! });
//! let advice = Advisor::new(model).dir(&dir).advise(&failure)?;
//! assert_eq!(advice.answer.root_cause, "The start is too far away.");
//!
//! amend(&path, &Amendment { suggestions: advice.suggestions(), ..Amendment::default() })?;
//! let fixes = Failure::from_path(&path)?.suggested_fixes;
//! assert_eq!(fixes.last().unwrap(), "Start at 3.5 (src/newton.rs:7): the root is there");
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Promises
//!
//! - Nothing is sent but by [`Advisor::advise`], and nothing but what [`Advisor::dry_run`] shows and the key.
//! - Secrets, home directories and the host's name are taken out of the question, unless [`redact`](Advisor::redact) says
//!   otherwise, or the model is on this machine and an option or a variable names its server.
//! - A `failures.toml` alone decides neither who receives a key or secrets, nor that anything goes to another machine. One that
//!   another user can have written is not read. No key goes to another machine over http.
//! - No key is part of an answer, an error, or a file that is kept, although the server sent it back.
//! - What a record says is data between marks that it cannot contain, and the model is told so.
//! - Without a directory nothing is written.

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

/// The chapter of the book as a doctest, so that its Rust blocks compile.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/src/language-models.md")]
struct Chapter;

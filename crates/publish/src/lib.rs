//! Commits and pushes failure records with the installed `git`, without harming the user's repository.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure), whose feature `publish` re-exports it.

mod allow_list;
mod auto;
mod branch;
mod child;
mod commit;
mod config;
mod error;
mod git;
mod ledger;
mod lock;
mod message;
mod outcome;
mod private_index;
mod publisher;
mod push;
mod records;
mod refspec;
mod remote;
mod repository;
mod reserved;
mod reset;
mod restore;
mod scan;
mod stage;
mod target;
mod tree;
mod waiting;
mod watchdog;
mod withdrawn;

#[doc(hidden)]
pub use auto::AutoPush;
pub use error::{PublishError, Secret};
pub use outcome::{Ignored, NotPushed, Outcome, Plan, Published, Skipped};
pub use publisher::Publisher;

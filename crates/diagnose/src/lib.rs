//! Diagnoses failures: describes the convergence of the trail, finds the category, and suggests fixes by rules.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure), which re-exports [`diagnose`], [`Rule`] and
//! [`ValueTest`].

mod convergence;
mod rules;

pub use rules::{
    Rule, Rules, ValueTest, diagnose, diagnose_with, prepend_resolutions, suggest_as_author, suggest_by_region,
};

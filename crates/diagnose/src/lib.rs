//! Why a computation failed: the convergence of its trail, its category, and the rules that suggest what to try.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure), which re-exports [`diagnose`], [`Rule`] and [`Test`].

mod convergence;
mod rules;

pub use rules::{Rule, Rules, Test, diagnose, diagnose_with, prepend_resolutions, suggest_as_author};

//! The README and the book as doctests, so that their Rust blocks compile.
//!
//! This module exists in doctests only: `docs/` is not part of the published package.

#[doc = include_str!("../README.md")]
struct Readme;

#[doc = include_str!("../docs/src/getting-started.md")]
struct GettingStarted;

#[doc = include_str!("../docs/src/instrumenting.md")]
struct Instrumenting;

#[doc = include_str!("../docs/src/log.md")]
struct Log;

#[doc = include_str!("../docs/src/options.md")]
struct Options;

#[cfg(feature = "publish")]
#[doc = include_str!("../docs/src/publishing.md")]
struct Publishing;

#[doc = include_str!("../docs/src/record.md")]
struct Record;

#[doc = include_str!("../docs/src/suggestions.md")]
struct Suggestions;

#[doc = include_str!("../docs/src/trail.md")]
struct Trail;

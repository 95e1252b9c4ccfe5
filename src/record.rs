//! The record of a failure, its values, and the store that it is written to.
//!
//! These types are those of the package `tracing-failure-record`, which a program that only reads records can depend on
//! alone.

#[doc(inline)]
pub use ::record::{
    Amendment, Behaviour, BoundCrossing, Breadcrumb, BuildInfo, Category, Confidence, Context, Convergence, Durability,
    ErrorEntry, Evidence, Failure, Frame, Limits, Location, Map, MapIter, NonFinite, Origin, PanicMatch, PanicOrigin,
    Process, RaisedPanic, ReadError, Relation, Resolution, SCHEMA, SpanEntry, Store, Suggestion, TrailEntry,
    UnknownNameError, Value, amend, amend_failure, is_secret_name, redact_text, time,
};

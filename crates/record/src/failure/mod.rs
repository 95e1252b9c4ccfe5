//! The record of one failure.

mod assertion;
pub(crate) mod categorization;
pub(crate) mod category;
mod context;
mod convergence;
mod conversions;
pub(crate) mod fingerprint;
mod formats;
mod identifiers;
mod json;
mod lapack;
mod location;
mod panic_origin;
mod read;
mod record;
mod repair;
mod requirement;
pub(crate) mod returned;
mod schema;
#[cfg(test)]
mod schema_generator;
mod suggestion;
mod trail;

pub use category::Category;
pub use context::{BuildInfo, Context, ErrorEntry, Process, Relation, SpanEntry, reserved_in_context};
pub use convergence::{Behaviour, BoundCrossing, Convergence, NonFinite};
pub use conversions::UnknownNameError;
pub use location::{Frame, Location};
pub use panic_origin::{PanicMatch, PanicOrigin, RaisedPanic};
pub use read::ReadError;
pub use record::Failure;
pub use schema::{SCHEMA, SCHEMA_VERSION};
pub use suggestion::{Confidence, Evidence, Origin, Resolution, Suggestion};
pub use trail::{Breadcrumb, TrailEntry};

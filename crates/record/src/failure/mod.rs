//! The record of one failure.

pub(crate) mod categorization;
pub(crate) mod category;
mod context;
mod convergence;
mod conversions;
pub(crate) mod fingerprint;
mod identifiers;
mod json;
mod lapack;
mod panic_origin;
mod read;
mod record;
mod repair;
#[cfg(test)]
mod schema;
mod suggestion;
mod trail;

pub use category::Category;
pub use context::{BuildInfo, Context, ErrorEntry, Frame, Location, Process, Relation, SpanEntry};
pub use convergence::{Behaviour, BoundCrossing, Convergence, NonFinite};
pub use conversions::UnknownNameError;
pub use panic_origin::{PanicMatch, PanicOrigin, RaisedPanic};
pub use read::ReadError;
pub use record::{Failure, SCHEMA, SCHEMA_VERSION, reserved_in_context};
pub use suggestion::{Confidence, Evidence, Origin, Resolution, Suggestion};
pub use trail::{Breadcrumb, TrailEntry};

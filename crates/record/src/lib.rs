//! The record of a failed computation, its values, and the store that it is written to.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure), which writes records and re-exports this crate. A
//! program that only reads records can depend on this crate alone.

mod behaviour_text;
mod failure;
mod files;
mod parameter_summary;
mod phrases;
mod record_limits;
mod redact;
mod store;
pub mod time;
mod time_text;
mod value;

pub use failure::{
    Behaviour, BoundCrossing, Breadcrumb, BuildInfo, Category, Confidence, Context, Convergence, ErrorEntry, Evidence,
    Failure, Frame, Location, NonFinite, Origin, PanicMatch, PanicOrigin, Process, RaisedPanic, ReadError, Relation,
    Resolution, SCHEMA, SpanEntry, Suggestion, TrailEntry, UnknownNameError,
};
pub use redact::{is_secret_name, redact_text};
pub use store::{Amendment, Durability, Store, amend, amend_failure};
pub use value::{Limits, Map, MapIter, Value};

/// Items that the other crates of the project use. They may change in any release.
#[doc(hidden)]
pub mod internal {
    pub use crate::behaviour_text::behaviour_text;
    pub use crate::failure::categorization::{REJECTED_BY, is_unrelated};
    pub use crate::failure::fingerprint::{fingerprint, without_numbers};
    pub use crate::failure::returned::{RETURNED, returned_nan, returned_texts};
    pub use crate::failure::{SCHEMA_VERSION, reserved_in_context};
    pub use crate::files::{apart_from_stdio, open_ordinary, read_bounded};
    pub use crate::parameter_summary::ParameterSummary;
    pub use crate::phrases::{Phrase, WordSequence};
    pub use crate::record_limits::{apply_limits, shorten_command_line, shorten_name};
    pub use crate::redact::{FieldName, Json, NameKind, REDACTED, Redactor, SecretFinding, secrets, secrets_in_text};
    pub use crate::store::{
        AmendResult, Areas, LATEST_NAME, MAX_FIX_BYTES, PastFix, RecordChange, RecordLock, copies, existing_store,
        file_name_part, is_record_name, parse, read_bytes, read_json, time_and_id_in, write_whole,
    };
    pub use crate::time_text::{compact, rfc3339_of};
    pub use crate::value::json_writer;
    pub use crate::value::{DebugSink, ValueRoom, brief, duration, free_name, parameter, read_debug};
}

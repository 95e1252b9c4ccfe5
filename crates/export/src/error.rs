//! The error of an export.

use std::fmt;
use std::io;

use crate::formats::format::ExportFormat;

/// The reason why an export stopped. The parts that it has written stay.
///
/// ```
/// let error = tracing_failure_export::ExportError::Cancelled;
/// assert_eq!(error.to_string(), "the export was cancelled: the finished files stay");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ExportError {
    /// This build does not contain the format.
    NotAvailable(ExportFormat),
    /// A part could not be read or written.
    Store {
        /// The address of the store.
        address: String,
        /// The error, which names the part.
        error: io::Error,
    },
    /// An existing file has the name of a part, but is not one.
    ForeignPart {
        /// The name of the part.
        name: String,
        /// Why it is not a part.
        reason: String,
    },
    /// Other exports replaced a part again and again.
    Contended(String),
    /// The caller stopped the export.
    Cancelled,
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExportError::NotAvailable(format) => {
                write!(
                    f,
                    "this build cannot write {format}: install it with the feature 'parquet', or choose jsonl or csv"
                )
            }
            ExportError::Store { address, error } => write!(f, "cannot export to {address}: {error}"),
            ExportError::ForeignPart { name, reason } => {
                write!(f, "{name} exists and is not an exported part ({reason}): move it away")
            }
            ExportError::Contended(name) => {
                write!(f, "{name} is replaced by another export at the same time: try again later")
            }
            ExportError::Cancelled => f.write_str("the export was cancelled: the finished files stay"),
        }
    }
}

impl std::error::Error for ExportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ExportError::Store { error, .. } => Some(error),
            _ => None,
        }
    }
}

//! The additions to a record.

use crate::failure::{Resolution, Suggestion};

/// Suggestions and a resolution to add to a record.
///
/// ```
/// use tracing_failure::record::Resolution;
/// use tracing_failure::record::Amendment;
///
/// let mut resolution = Resolution::default();
/// resolution.fix = "started at 3.5".to_owned();
/// let amendment = Amendment { resolution: Some(resolution), ..Amendment::default() };
/// # assert!(amendment.suggestions.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amendment {
    /// Suggestions to append. Those that the record already contains are skipped.
    pub suggestions: Vec<Suggestion>,
    /// The resolution, which replaces an existing one.
    pub resolution: Option<Resolution>,
}

//! The additions to a record.

use crate::failure::{Resolution, Suggestion};
use crate::value::Map;

/// Parameters, suggestions and a resolution to add to a record.
///
/// ```
/// use tracing_failure::record::{Amendment, Resolution};
///
/// let mut resolution = Resolution::default();
/// resolution.fix = "started at 3.5".to_owned();
/// let amendment = Amendment::of_resolution(resolution);
/// # assert!(amendment.suggestions.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Amendment {
    /// Parameters to append. Those that the record already contains stay unchanged.
    pub parameters: Map,
    /// Suggestions to append. Those that the record already contains are skipped.
    pub suggestions: Vec<Suggestion>,
    /// The resolution, which replaces an existing one.
    pub resolution: Option<Resolution>,
}

impl Amendment {
    /// Creates an amendment that appends these parameters.
    ///
    /// ```
    /// use tracing_failure::record::{Amendment, Map};
    ///
    /// let amendment = Amendment::of_parameters(Map::from_iter([("rtol", 1e-9)]));
    /// assert_eq!(amendment.parameters.get("rtol"), Some(&1e-9.into()));
    /// ```
    pub fn of_parameters(parameters: Map) -> Self {
        Amendment { parameters, ..Amendment::default() }
    }

    /// Creates an amendment that appends these suggestions.
    ///
    /// ```
    /// use tracing_failure::record::{Amendment, Origin, Suggestion};
    ///
    /// let amendment = Amendment::of_suggestions(vec![Suggestion::new("raise mxstep", Origin::Author)]);
    /// assert_eq!(amendment.suggestions.len(), 1);
    /// ```
    pub fn of_suggestions(suggestions: Vec<Suggestion>) -> Self {
        Amendment { suggestions, ..Amendment::default() }
    }

    /// Creates an amendment that sets the resolution.
    ///
    /// ```
    /// use tracing_failure::record::{Amendment, Resolution};
    ///
    /// let amendment = Amendment::of_resolution(Resolution::default());
    /// assert_eq!(amendment.resolution, Some(Resolution::default()));
    /// ```
    pub fn of_resolution(resolution: Resolution) -> Self {
        Amendment { resolution: Some(resolution), ..Amendment::default() }
    }
}

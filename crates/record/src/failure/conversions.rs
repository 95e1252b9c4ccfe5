//! Conversions between categories, confidences and behaviours and their names in the record.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use super::category::Category;
use super::convergence::Behaviour;
use super::suggestion::Confidence;

/// A name that is not in the list.
///
/// ```
/// use tracing_failure::Category;
///
/// let error = "bad luck".parse::<Category>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown category `bad luck`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownNameError {
    list: &'static str,
    name: String,
}

impl fmt::Display for UnknownNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} `{}`", self.list, self.name)
    }
}

impl Error for UnknownNameError {}

fn require<T>(found: Option<T>, list: &'static str, name: &str) -> Result<T, UnknownNameError> {
    found.ok_or_else(|| UnknownNameError { list, name: name.to_owned() })
}

/// The name in the record.
impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Category {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        require(Category::from_name(name), "category", name)
    }
}

/// The name in the record.
impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Confidence {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        require(Confidence::from_name(name), "confidence", name)
    }
}

/// The name in the record.
impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for category in Category::all() {
            assert_eq!(category.to_string().parse(), Ok(*category));
        }
        for confidence in [Confidence::Low, Confidence::Medium, Confidence::High] {
            assert_eq!(confidence.to_string().parse(), Ok(confidence));
        }
        assert_eq!(format!("{:>8}", Confidence::Low), "     low");
    }
}

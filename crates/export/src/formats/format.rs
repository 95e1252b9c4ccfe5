//! The choice of a format.

use std::fmt;

/// The format of exported files.
///
/// ```
/// use tracing_failure_export::ExportFormat;
///
/// assert_eq!(ExportFormat::from_name("jsonl"), Some(ExportFormat::JsonLines));
/// assert!(ExportFormat::Csv.is_available());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportFormat {
    /// Apache Parquet. It needs the feature `parquet`.
    #[default]
    Parquet,
    /// JSON Lines.
    JsonLines,
    /// Comma-separated values with a header.
    Csv,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [ExportFormat; 3] = [ExportFormat::Parquet, ExportFormat::JsonLines, ExportFormat::Csv];

    /// Returns the name, which is also the extension of files.
    ///
    /// ```
    /// assert_eq!(tracing_failure_export::ExportFormat::default().name(), "parquet");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            ExportFormat::Parquet => "parquet",
            ExportFormat::JsonLines => "jsonl",
            ExportFormat::Csv => "csv",
        }
    }

    /// Returns the format of this name.
    ///
    /// ```
    /// assert_eq!(tracing_failure_export::ExportFormat::from_name("xlsx"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Returns true if this build contains the format.
    ///
    /// ```
    /// assert!(tracing_failure_export::ExportFormat::JsonLines.is_available());
    /// ```
    pub fn is_available(self) -> bool {
        self != ExportFormat::Parquet || cfg!(feature = "parquet")
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

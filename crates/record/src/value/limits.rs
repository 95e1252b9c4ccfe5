//! Limits on the size of a record.

/// Limits on the size of a record. Values that exceed a limit are summarised, and the summary states what is missing.
///
/// ```
/// use tracing_failure::record::Limits;
///
/// let mut limits = Limits::default();
/// limits.array = 16;
/// let recorder = tracing_failure::builder("io").limits(limits);
/// # let _ = recorder;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum number of entries of an array, over all dimensions. A larger array becomes a summary: length, shape,
    /// head, tail, min, max, mean, and the count and first index of entries that are not finite. 256 by default.
    pub array: usize,
    /// Maximum length of a text in bytes. A longer text keeps only its two ends. 16 KiB by default.
    pub text: usize,
    /// Maximum number of bytes of `Debug` text that are read per value. The summary of a longer array contains its
    /// minimum length. 32 MiB by default, which is enough for a list of a million numbers.
    pub scan: usize,
    /// Maximum nesting depth. A deeper value becomes text. 32 by default.
    pub depth: usize,
    /// Maximum number of errors of a source chain. 32 by default.
    pub errors: usize,
    /// Maximum number of frames of the stack trace. 64 by default.
    pub frames: usize,
    /// Maximum number of spans around the failure. 64 by default.
    pub spans: usize,
}

impl Limits {
    #[doc(hidden)]
    pub const DEFAULT: Limits =
        Limits { array: 256, text: 16 << 10, scan: 32 << 20, depth: 32, errors: 32, frames: 64, spans: 64 };

    /// Returns the limits with another limit for texts, in bytes.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_text(mut self, text: usize) -> Self {
        self.text = text;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

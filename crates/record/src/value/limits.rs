/// How much of a large thing is kept. What is over a limit is summarised, and the summary says what is missing.
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
    /// Numbers of an array, over all its dimensions, before it becomes a summary: length, shape, head, tail, min, max,
    /// mean, and the count and first index of entries that are not finite. 256 by default.
    pub array: usize,
    /// Bytes of a text before only its two ends are kept. 16 KiB by default.
    pub text: usize,
    /// Bytes of `Debug` text that are read of one value. An array beyond that is known to be "at least" so long.
    /// 32 MiB by default, which a list of a million numbers does not reach.
    pub scan: usize,
    /// Levels of nesting before a value becomes text. 32 by default.
    pub depth: usize,
    /// Errors of a source chain. 32 by default.
    pub errors: usize,
    /// Frames of the stack trace. 64 by default.
    pub frames: usize,
    /// Spans around the failure. 64 by default.
    pub spans: usize,
}

impl Limits {
    #[doc(hidden)]
    pub const DEFAULT: Limits =
        Limits { array: 256, text: 16 << 10, scan: 32 << 20, depth: 32, errors: 32, frames: 64, spans: 64 };

    /// The same with another limit for texts, in bytes.
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

//! Details about successful computations.

/// Details in the closing lines of computations. Both are off by default, because they cost time for each computation.
///
/// Failed computations have the same details in their closing lines, so that they can be compared with successful ones.
///
/// ```
/// let mut successes = tracing_failure::Successes::default();
/// successes.arguments = true;
/// let builder = tracing_failure::builder("io").successes(successes);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Successes {
    /// Reads all arguments of annotated functions, and not only plain data of at most 16 entries. This runs the
    /// `Serialize` or `Debug` implementations of your types each time a function succeeds.
    ///
    /// A closing line has room for 64 entries in 4 KiB. It omits arguments that do not fit, and names them in
    /// `omitted`.
    pub arguments: bool,
    /// Adds the first and last value, the rate and the number of rows of each numeric series of the trail: at most 16
    /// series with 16 columns each.
    pub trail: bool,
}

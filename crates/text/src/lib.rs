//! Formats texts of a record for people: on one line, cut to the width of a terminal, without control characters.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure). Its interface may change in any release.

mod escape;
mod line;
mod place;
mod shorten;

use std::fmt::Display;
use std::path::Path;

pub use escape::{escape, strip_colours, visible, visible_json};
pub use line::{one_line, truncate_start, truncate_to_width, width, wrap};
pub use place::place_of;
pub use shorten::{boundary_before, join_ends, shorten, shorten_to_line};

/// Returns the path of a file with its control characters escaped.
///
/// ```
/// assert_eq!(tracing_failure_text::path_text("io/a\u{1b}[2J.json".as_ref()), "io/a\\u{1b}[2J.json");
/// ```
pub fn path_text(path: &Path) -> String {
    one_line(&path.display().to_string()).into_owned()
}

/// Formats a number with separators: `1,203`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default());
    groups.collect::<Vec<_>>().join(",")
}

/// Returns a number with its noun in the singular or plural.
///
/// ```
/// assert_eq!(tracing_failure_text::count(1, "record"), "1 record");
/// assert_eq!(tracing_failure_text::count(3, "record"), "3 records");
/// ```
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Returns the digits of a number without zeros at the end of its fraction.
///
/// ```
/// assert_eq!(tracing_failure_text::without_trailing_zeros("1.50"), "1.5");
/// assert_eq!(tracing_failure_text::without_trailing_zeros("2.00"), "2");
/// assert_eq!(tracing_failure_text::without_trailing_zeros("100"), "100");
/// ```
pub fn without_trailing_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// Joins the messages of an error and its sources, given outermost first, on one line. A message that its neighbour
/// repeats is omitted.
///
/// ```
/// let chain = ["cannot read io", "cannot read io: permission denied", "permission denied"];
/// assert_eq!(tracing_failure_text::error_chain(chain), "cannot read io: permission denied");
/// ```
pub fn error_chain(errors: impl IntoIterator<Item: Display>) -> String {
    errors.into_iter().map(|error| error.to_string()).fold(String::new(), |text, cause| {
        if cause.contains(&text) {
            cause
        } else if text.contains(&cause) {
            text
        } else {
            format!("{text}: {cause}")
        }
    })
}

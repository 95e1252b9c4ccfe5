//! Texts of records, numbers and times as a page shows them.
//!
//! Texts of records reach a page only through this module and the escaping of `maud`.

use chrono::{DateTime, SecondsFormat, Utc};
use maud::{Markup, html};

/// Maximum length in bytes of a text on one line.
const MAX_LINE: usize = 300;
/// Maximum length in bytes of a text with several lines.
const MAX_BLOCK: usize = 2000;

/// Returns a text on one line, shortened, with control characters and marks of text direction made visible.
pub(crate) fn line(text: &str) -> String {
    // Shortens before and after: escaping a megabyte is slow, and escaped characters are longer.
    let text = text::shorten(text, 4 * MAX_LINE);
    text::shorten(&text::one_line(&text), MAX_LINE).into_owned()
}

/// Returns a text of several lines, shortened, with control characters and marks of text direction made visible.
pub(crate) fn block(text: &str) -> String {
    bounded_block(text, MAX_BLOCK)
}

/// Like `block`, with a limit in bytes.
pub(crate) fn bounded_block(text: &str, limit: usize) -> String {
    let text = text::shorten(text.trim_end(), 4 * limit);
    text::shorten(&text::visible(&text), limit).into_owned()
}

/// Returns a number with separators: `1,203`.
pub(crate) fn number(count: usize) -> String {
    text::thousands(count as u64)
}

/// Returns `1 run` or `1,203 runs`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    format!("{} {thing}{}", number(count), if count == 1 { "" } else { "s" })
}

/// Shows a time in UTC to the minute.
pub(crate) fn time(time: DateTime<Utc>) -> Markup {
    html! { time datetime=(time.to_rfc3339_opts(SecondsFormat::Millis, true)) { (minute(time)) } }
}

/// Shows the day of a time in UTC.
pub(crate) fn day(time: DateTime<Utc>) -> Markup {
    let day = time.format("%Y-%m-%d").to_string();
    html! { time datetime=(time.to_rfc3339_opts(SecondsFormat::Millis, true)) title=(minute(time)) { (day) } }
}

/// Returns a time in UTC to the minute.
pub(crate) fn minute(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Returns the first and the last time, or one of them if both are in the same minute.
pub(crate) fn period(first: DateTime<Utc>, last: DateTime<Utc>) -> String {
    match (minute(first), minute(last)) {
        (first, last) if first == last => first,
        (first, last) => format!("{first} to {last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_visible_and_bounded() {
        assert_eq!(line("a\nb\u{202e}c\u{1b}[2J"), "a b\\u{202e}c\\u{1b}[2J");
        assert_eq!(block("a\nb\u{202e}c\r"), "a\nb\\u{202e}c");
        assert!(line(&"\u{1}".repeat(1_000_000)).len() < 2 * MAX_LINE);
        assert!(block(&"é\u{1}".repeat(1_000_000)).len() < 2 * MAX_BLOCK);
    }
}

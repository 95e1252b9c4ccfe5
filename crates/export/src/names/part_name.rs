//! The paths of parts: `computation=rg_flow/date=2025-12-27/part-01a2.parquet`.

use std::fmt::Write;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

/// The directory of the tables with trails.
pub(crate) const TRAILS: &str = "_trails";

/// The value of a partition without a value, as Hive writes it.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";
/// The session of runs whose session is unknown.
const NO_SESSION: &str = "unknown";
/// Maximum number of bytes of a value in a path. File systems allow 255 for the whole component.
const MAX_VALUE_BYTES: usize = 200;

/// Returns the directory of a computation.
pub(crate) fn computation_directory(computation: &str) -> String {
    format!("computation={}", partition_value(computation))
}

/// Returns the name of a part below the directory of its table.
pub(crate) fn part_name(computation: &str, date: Option<NaiveDate>, session: &str, extension: &str) -> String {
    let directory = computation_directory(computation);
    let date = date.map_or_else(|| NO_VALUE.to_owned(), |date| partition_value(&date.format("%Y-%m-%d").to_string()));
    let session = if session.is_empty() { NO_SESSION.to_owned() } else { escape(session) };
    format!("{directory}/date={date}/part-{session}.{extension}")
}

fn partition_value(text: &str) -> String {
    if text.is_empty() || text == NO_VALUE {
        // A value with the name of the missing one is written with another first character.
        return if text.is_empty() { NO_VALUE.to_owned() } else { format!("%5F{}", &text[1..]) };
    }
    escape(text)
}

/// Escapes a value as Hive does: `%` and two hexadecimal digits. Spark decodes each escape as one character, so other
/// characters than ASCII stay as they are. A long value is cut, and ends with its digest.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        let is_plain = character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '~');
        let is_kept = is_plain || !(character.is_ascii() || character.is_control());
        match is_kept {
            true => escaped.push(character),
            false => {
                let _ = write!(escaped, "%{:02X}", u32::from(character));
            }
        }
    }
    if escaped.len() <= MAX_VALUE_BYTES {
        return escaped;
    }
    let mut end = MAX_VALUE_BYTES;
    // Neither a character nor an escape is cut.
    while !escaped.is_char_boundary(end) || escaped[..end].bytes().rev().take(2).any(|byte| byte == b'%') {
        end -= 1;
    }
    escaped.truncate(end);
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    escaped.push('~');
    for byte in &digest[..8] {
        let _ = write!(escaped, "{byte:02x}");
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use super::*;

    fn name(computation: &str, session: &str) -> String {
        part_name(computation, NaiveDate::from_ymd_opt(2025, 12, 27), session, "parquet")
    }

    #[test]
    fn values_are_escaped_as_hive_does() {
        assert_eq!(name("rg_flow", "01a2-7"), "computation=rg_flow/date=2025-12-27/part-01a2-7.parquet");
        assert_eq!(computation_directory("a/b=c%d e"), "computation=a%2Fb%3Dc%25d%20e");
        assert_eq!(computation_directory("λ-Fluss"), "computation=λ-Fluss");
        assert_eq!(computation_directory(""), "computation=__HIVE_DEFAULT_PARTITION__");
        assert_eq!(computation_directory("__HIVE_DEFAULT_PARTITION__"), "computation=%5F_HIVE_DEFAULT_PARTITION__");
        assert_eq!(part_name("a", None, "", "csv"), "computation=a/date=__HIVE_DEFAULT_PARTITION__/part-unknown.csv");
    }

    #[test]
    fn no_name_leaves_the_directory() {
        let long = "é/".repeat(4000);
        for text in ["..", "../../etc", "/etc/passwd", "a\0b", "C:\\x", "\n\u{85}", ".", "~", "%2F", &long] {
            let name = name(text, text);
            assert_eq!(name.split('/').count(), 3, "{name}");
            assert!(name.split('/').all(|component| component.len() <= 255), "{name}");
            assert!(!name.chars().any(char::is_control), "{name}");
            let components: Vec<_> = Path::new(&name).components().collect();
            assert!(components.iter().all(|component| matches!(component, Component::Normal(_))), "{name}");
        }
        assert_ne!(name(&"x".repeat(500), ""), name(&"x".repeat(501), ""));
    }
}

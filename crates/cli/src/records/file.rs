//! Reading the file of a record.

use std::path::Path;

use anyhow::{Context, Result};
use record::internal::read_json;

/// Reads the JSON of a record. Errors name the file.
pub(crate) fn load_json(path: &Path) -> Result<Vec<u8>> {
    let mut json = Vec::new();
    read_json(&mut json, path).with_context(|| path.display().to_string())?;
    Ok(json)
}

/// Maximum nesting depth, the limit of serde_json.
const MAX_DEPTH: usize = 127;

/// Returns true if the JSON is nested too deeply for serde_json.
///
/// A summary ignores most values, so it accepts records that no command can show.
pub(crate) fn exceeds_max_depth(json: &[u8]) -> bool {
    // Fast path: most records have fewer brackets in total.
    if json.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= MAX_DEPTH {
        return false;
    }
    let (mut depth, mut is_in_string, mut is_escaped) = (0_usize, false, false);
    for &byte in json {
        if is_in_string {
            is_in_string = byte != b'"' || is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
        } else {
            match byte {
                b'"' => is_in_string = true,
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// Removes white space between JSON tokens. Numbers and strings keep their exact text.
pub(crate) fn compact_json(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    let (mut is_in_string, mut is_escaped) = (false, false);
    for c in json.chars() {
        if is_in_string || !matches!(c, ' ' | '\t' | '\n' | '\r') {
            line.push(c);
        }
        is_in_string ^= c == '"' && !is_escaped;
        is_escaped = is_in_string && c == '\\' && !is_escaped;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(!exceeds_max_depth(deep(127).as_bytes()) && exceeds_max_depth(deep(128).as_bytes()));
        let text = format!(r#"["\\\"{}", {}]"#, "[".repeat(500), deep(50));
        assert!(!exceeds_max_depth(text.as_bytes()), "{text}");
        for levels in [127, 128] {
            let reads = serde_json::from_str::<serde_json::Value>(&deep(levels)).is_ok();
            assert_eq!(reads, !exceeds_max_depth(deep(levels).as_bytes()));
        }
    }

    #[test]
    fn json_keeps_every_digit_on_its_line() {
        let json =
            "{\n  \"a b\": [1.50, 123456789012345678901234567890],\n\t\"c \\\" d\\\\\": \"e  f\" ,\"\\\\\":1 }\r\n";
        let line = r#"{"a b":[1.50,123456789012345678901234567890],"c \" d\\":"e  f","\\":1}"#;
        assert_eq!(compact_json(json), line);
        assert_eq!(compact_json(line), line);
    }
}

//! The file of a record.

use std::path::Path;

use anyhow::{Context, Result};

use super::read_json;

/// The text of a record, with an error that names the file.
pub(crate) fn json_of(path: &Path) -> Result<Vec<u8>> {
    let mut json = Vec::new();
    read_json(&mut json, path).with_context(|| path.display().to_string())?;
    Ok(json)
}

/// JSON on one line: the text as it is, without the white space between its parts.
pub(crate) fn on_one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string || !matches!(c, ' ' | '\t' | '\n' | '\r') {
            line.push(c);
        }
        in_string ^= c == '"' && !escaped;
        escaped = in_string && c == '\\' && !escaped;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_every_digit_on_its_line() {
        let json =
            "{\n  \"a b\": [1.50, 123456789012345678901234567890],\n\t\"c \\\" d\\\\\": \"e  f\" ,\"\\\\\":1 }\r\n";
        let line = r#"{"a b":[1.50,123456789012345678901234567890],"c \" d\\":"e  f","\\":1}"#;
        assert_eq!(on_one_line(json), line);
        assert_eq!(on_one_line(line), line);
    }
}

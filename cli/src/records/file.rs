//! The file of a record.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use tracing_failure::Failure;

/// What is larger is no record, and would fill the memory.
const LARGEST: u64 = 64 << 20;

/// Reads the bytes of a file into a buffer. What is no ordinary file is not opened: to read a pipe may take for ever.
///
/// # Errors
///
/// Why it cannot be read. The error does not name the file.
pub(crate) fn read_bytes(bytes: &mut Vec<u8>, path: &Path) -> Result<()> {
    bytes.clear();
    let metadata = std::fs::metadata(path).context("cannot be read")?;
    if !metadata.is_file() {
        bail!("cannot be read: no ordinary file");
    }
    if metadata.len() > LARGEST {
        bail!("cannot be read: larger than {} MB", LARGEST >> 20);
    }
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(bytes)).context("cannot be read")?;
    Ok(())
}

/// The same for the text of a record, which Python may have written: NaN stands in quotes then.
pub(crate) fn read_json(json: &mut Vec<u8>, path: &Path) -> Result<()> {
    read_bytes(json, path)?;
    if let Ok(text) = std::str::from_utf8(json)
        && (text.contains("NaN") || text.contains("Infinity"))
        && let Cow::Owned(quoted) = Failure::quote_non_finite(text)
    {
        *json = quoted.into_bytes();
    }
    Ok(())
}

/// The same into a buffer of its own, with an error that names the file.
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

//! Reads records from JSON text and files.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use super::record::Failure;

impl Failure {
    /// Reads a record from JSON text. Text of other programs that is not valid JSON is repaired: see
    /// [`repair_json`](Self::repair_json).
    ///
    /// # Errors
    ///
    /// Fails if the text is no record. The error has a line and a column.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_json("{\n  \"timestamp\": 7 }").unwrap_err();
    /// assert_eq!((error.line(), error.column()), (2, 16));
    /// ```
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        match Self::repair_json(json) {
            Cow::Borrowed(json) => serde_json::from_str(json),
            // Positions in errors refer to the original text.
            Cow::Owned(repaired) => serde_json::from_str(&repaired)
                .map_err(|error| serde_json::from_str::<Self>(json).err().unwrap_or(error)),
        }
    }

    /// Returns the text with quotes around every bare `NaN`, `Infinity` and `-Infinity`, as in records. Python's `json`
    /// writes them without quotes, which other JSON readers reject.
    ///
    /// ```
    /// use tracing_failure::Failure;
    ///
    /// let json = r#"{"residual": NaN, "bounds": [-Infinity, Infinity], "message": "residual is NaN"}"#;
    /// let quoted = r#"{"residual": "NaN", "bounds": ["-Infinity", "Infinity"], "message": "residual is NaN"}"#;
    /// assert_eq!(Failure::quote_non_finite(json), quoted);
    /// ```
    pub fn quote_non_finite(json: &str) -> Cow<'_, str> {
        let mut quoted = String::new();
        let mut copied = 0;
        let mut at = 0;
        while let Some(found) = json[at..].find(['"', 'N', 'I', '-']) {
            let start = at + found;
            let name = ["NaN", "Infinity", "-Infinity"].into_iter().find(|name| json[start..].starts_with(name));
            at = match name {
                _ if json[start..].starts_with('"') => end_of_string(json, start),
                Some(name) => {
                    quoted.extend([&json[copied..start], "\"", name, "\""]);
                    copied = start + name.len();
                    copied
                }
                None => start + 1,
            };
        }
        match copied {
            0 => Cow::Borrowed(json),
            _ => Cow::Owned(quoted + &json[copied..]),
        }
    }

    /// Reads a record from a regular file of at most 64 MB.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or contains no record. The error names the file, and the line and column of
    /// invalid content.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_path("io/failures/no_such.json").unwrap_err();
    /// assert!(error.to_string().starts_with("cannot read io/failures/no_such.json: "));
    /// ```
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let failed = |kind| ReadError { path: path.to_owned(), kind };
        let json = crate::files::read_bounded(path).map_err(|error| failed(ReadErrorKind::Io(error)))?;
        let read = match std::str::from_utf8(&json) {
            Ok(json) => Self::from_json(json),
            Err(_) => serde_json::from_slice(&json),
        };
        read.map_err(|error| failed(ReadErrorKind::Json(error)))
    }
}

/// Returns the end of the string that starts here.
fn end_of_string(json: &str, start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = json[at..].find(['"', '\\']) {
        at += found + 1;
        if json.as_bytes()[at - 1] == b'"' {
            return at;
        }
        // The character after a backslash does not end the string.
        at += json[at..].chars().next().map_or(0, char::len_utf8);
    }
    json.len()
}

/// The error of reading a file that contains no record or cannot be read.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-read-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let path = dir.join("broken.json");
/// std::fs::write(&path, "{\n  \"timestamp\": 7\n}")?;
/// let error = tracing_failure::Failure::from_path(&path).unwrap_err();
/// assert!(error.to_string().contains("broken.json:2:16: "), "{error}");
/// assert_eq!(error.line(), Some(2));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ReadError {
    path: PathBuf,
    kind: ReadErrorKind,
}

#[derive(Debug)]
enum ReadErrorKind {
    Io(std::io::Error),
    Json(serde_json::Error),
}

impl ReadError {
    /// Returns the path of the file.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_path("no_such.json").unwrap_err();
    /// assert_eq!(error.path(), std::path::Path::new("no_such.json"));
    /// ```
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the error of the file system, or `None` if the content is invalid.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_path("no_such.json").unwrap_err();
    /// assert_eq!(error.io_error().unwrap().kind(), std::io::ErrorKind::NotFound);
    /// ```
    pub fn io_error(&self) -> Option<&std::io::Error> {
        match &self.kind {
            ReadErrorKind::Io(error) => Some(error),
            ReadErrorKind::Json(_) => None,
        }
    }

    /// Returns the line of the invalid content, from 1, or `None` if the file could not be read.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_path("no_such.json").unwrap_err();
    /// assert_eq!(error.line(), None);
    /// ```
    pub fn line(&self) -> Option<usize> {
        match &self.kind {
            ReadErrorKind::Io(_) => None,
            ReadErrorKind::Json(error) => Some(error.line()),
        }
    }

    /// Returns the column in that line, from 1.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_path("no_such.json").unwrap_err();
    /// assert_eq!(error.column(), None);
    /// ```
    pub fn column(&self) -> Option<usize> {
        match &self.kind {
            ReadErrorKind::Io(_) => None,
            ReadErrorKind::Json(error) => Some(error.column()),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            ReadErrorKind::Io(error) => write!(f, "cannot read {path}: {error}"),
            ReadErrorKind::Json(error) => {
                let text = error.to_string();
                let place = format!(" at line {} column {}", error.line(), error.column());
                let reason = text.strip_suffix(&place).unwrap_or(&text);
                write!(f, "{path}:{}:{}: not a failure record: {reason}", error.line(), error.column())
            }
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            // The message contains that of the error, so only the source of the error is new.
            ReadErrorKind::Io(error) => error.source(),
            ReadErrorKind::Json(error) => error.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_numbers_are_quoted_outside_of_strings_only() {
        for (json, quoted) in [
            (r#"[NaN,-Infinity]"#, r#"["NaN","-Infinity"]"#),
            (r#"{"NaN \" NaN \\": NaN}"#, r#"{"NaN \" NaN \\": "NaN"}"#),
            (r#"{"x": -1, "y": Nothing"#, r#"{"x": -1, "y": Nothing"#),
            (r#""open NaN"#, r#""open NaN"#),
            (r#""\"#, r#""\"#),
        ] {
            assert_eq!(Failure::quote_non_finite(json), quoted);
        }
    }

    #[test]
    fn a_record_as_python_writes_it_is_read() {
        let json =
            Failure::new("c", "r", "E", "m").to_json().replace("\"parameters\": {}", "\"parameters\": {\"x\": NaN}");
        assert_eq!(Failure::from_json(&json).unwrap().parameters.get("x"), Some(&f64::NAN.into()));
        let error = Failure::from_json(&json.replace("NaN}", "NaN, }")).unwrap_err();
        assert_eq!(error.line(), 7, "{error}");
    }

    #[test]
    fn the_chain_of_an_error_has_each_message_once() {
        let dir = tempfile::tempdir().unwrap();
        let broken = dir.path().join("broken.json");
        std::fs::write(&broken, "{").unwrap();
        for path in [broken, dir.path().join("missing.json")] {
            let error = Failure::from_path(path).unwrap_err();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                assert!(!error.to_string().contains(&cause.to_string()), "{error}: {cause}");
                source = cause.source();
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn valid_json_is_unchanged(value in crate::value::tests::any_value()) {
            let json = serde_json::to_string(&value).unwrap();
            proptest::prop_assert!(matches!(Failure::quote_non_finite(&json), Cow::Borrowed(_)));
        }

        #[test]
        fn any_text_can_be_looked_at(text in "[\"NaInfty\\\\{}é-]{0,40}") {
            Failure::quote_non_finite(&text);
        }
    }
}

//! Addresses of the form `s3://bucket/prefix`.

use std::fmt;
use std::str::FromStr;

use crate::error::{BucketError, BucketErrorKind};

const SCHEME: &str = "s3://";
/// Maximum length of a key in bytes, set by S3.
pub(crate) const MAX_KEY_BYTES: usize = 1024;
/// Lengths of names that S3 permits.
const BUCKET_NAME_BYTES: std::ops::RangeInclusive<usize> = 3..=63;

/// A place in a bucket: `s3://bucket/prefix`. The prefix may be empty.
///
/// ```
/// use tracing_failure_bucket::S3Url;
///
/// let url: S3Url = "s3://lab/corpus/".parse()?;
/// assert_eq!((url.bucket(), url.prefix()), ("lab", "corpus"));
/// assert_eq!(url.key_of("part.parquet"), "corpus/part.parquet");
/// assert_eq!(url.to_string(), "s3://lab/corpus");
///
/// let error = "lab/corpus".parse::<S3Url>().unwrap_err();
/// assert!(error.to_string().contains("s3://bucket/prefix"), "{error}");
/// # Ok::<(), tracing_failure_bucket::BucketError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Url {
    bucket: String,
    prefix: String,
}

impl S3Url {
    /// The name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The prefix of the keys, without slashes at its ends.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of an object below the prefix.
    pub fn key_of(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) }
    }

    /// Returns true if a text is an address of a bucket rather than a path.
    ///
    /// ```
    /// use tracing_failure_bucket::S3Url;
    ///
    /// assert!(S3Url::is_s3("s3://lab/corpus") && S3Url::is_s3("S3://lab"));
    /// assert!(!S3Url::is_s3("corpus/s3"));
    /// ```
    pub fn is_s3(text: &str) -> bool {
        // Spark writes s3a, Hadoop wrote s3n. They get an error with advice, not a directory of this name.
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        scheme.is_some_and(|scheme| matches!(&*scheme, "s3" | "s3a" | "s3n"))
    }
}

impl FromStr for S3Url {
    type Err = BucketError;

    fn from_str(text: &str) -> Result<Self, BucketError> {
        let invalid = |reason: &str| Err(BucketError::new(BucketErrorKind::InvalidUrl, reason.to_owned()));
        let Some(rest) = text.strip_prefix(SCHEME) else {
            return invalid("an address of a bucket has the form s3://bucket/prefix, and begins with 's3://'");
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // The text is not repeated: it may contain a key.
        if bucket.contains('@') || bucket.contains(':') {
            return invalid(
                "an address of a bucket contains no keys, hosts or ports: use s3://bucket/prefix, and the environment \
                 variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL_S3",
            );
        }
        if !is_bucket_name(bucket) {
            return invalid(&format!(
                "'{}' is not a name of a bucket: a name has 3 to 63 letters, digits, dots and hyphens",
                text::one_line(bucket)
            ));
        }
        let prefix = prefix.trim_matches('/');
        if !prefix.is_empty()
            && let Err(reason) = check_key(prefix)
        {
            return invalid(&format!("'{}' is not a prefix of keys: {reason}", text::one_line(prefix)));
        }
        Ok(S3Url { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for S3Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

/// Names of old buckets and of other services may contain capital letters and underscores.
fn is_bucket_name(name: &str) -> bool {
    let ends_well = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    BUCKET_NAME_BYTES.contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        && ends_well(name.as_bytes().first())
        && ends_well(name.as_bytes().last())
}

/// Checks that a key is the same after it was part of a URL.
pub(crate) fn check_key(key: &str) -> Result<(), &'static str> {
    if key.is_empty() {
        Err("it is empty")
    } else if key.len() > MAX_KEY_BYTES {
        Err("it is longer than 1024 bytes")
    } else if key.split('/').any(|part| matches!(part, "." | "..")) {
        Err("it contains '.' or '..' as a directory")
    } else if key.chars().any(char::is_control) {
        Err("it contains control characters")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, String)> {
        text.parse::<S3Url>().ok().map(|url| (url.bucket, url.prefix))
    }

    #[test]
    fn addresses_of_buckets() {
        let pair = |bucket: &str, prefix: &str| Some((bucket.to_owned(), prefix.to_owned()));
        assert_eq!(parts("s3://lab"), pair("lab", ""));
        assert_eq!(parts("s3://lab/"), pair("lab", ""));
        assert_eq!(parts("s3://lab//a b/ü/"), pair("lab", "a b/ü"));
        assert_eq!(parts("s3://my.lab-1/x"), pair("my.lab-1", "x"));
    }

    #[test]
    fn wrong_addresses_are_explained() {
        let long = format!("s3://lab/{}", "x".repeat(2000));
        for (text, reason) in [
            ("/tmp/x", "begins with 's3://'"),
            ("s3a://lab/x", "begins with 's3://'"),
            ("s3:///x", "'' is not a name"),
            ("s3://ab/x", "3 to 63"),
            ("s3://-lab/x", "3 to 63"),
            ("s3://lab?x/y", "'lab?x' is not a name"),
            ("s3://l\u{1b}[2Jb/x", "is not a name"),
            ("s3://lab/a/../b", "'.' or '..'"),
            ("s3://lab/a\nb", "control characters"),
            (&*long, "1024"),
        ] {
            let error = text.parse::<S3Url>().unwrap_err();
            assert!(error.to_string().contains(reason), "{text}: {error}");
            assert!(!error.to_string().contains(['\n', '\u{1b}']), "{error}");
            assert_eq!(error.kind(), BucketErrorKind::InvalidUrl);
        }
    }

    #[test]
    fn keys_in_an_address_are_not_repeated() {
        for text in ["s3://AKIAEXAMPLE:geheim@lab/x", "s3://geheim@lab"] {
            let error = text.parse::<S3Url>().unwrap_err().to_string();
            assert!(!error.contains("geheim") && error.contains("AWS_ACCESS_KEY_ID"), "{error}");
        }
    }
}

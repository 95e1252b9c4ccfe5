//! Objects of a bucket, and the mark of those that tracing-failure has written.

use sha2::{Digest, Sha256};

use crate::answer::{Fault, HttpAnswer};
use crate::error::BucketErrorKind;

/// The metadata of an object with the digest of its content.
pub(crate) const DIGEST_HEADER: &str = "x-amz-meta-tracing-failure-sha256";

/// An object without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// A text that changes with the content.
    pub etag: String,
    /// The size in bytes.
    pub size: u64,
    /// The SHA-256 of the content in hexadecimal digits, if tracing-failure has written the object.
    pub digest: Option<String>,
}

impl ObjectInfo {
    /// Returns true if tracing-failure has written the object.
    pub fn is_ours(&self) -> bool {
        self.digest.is_some()
    }

    /// Returns true if the object has this content, according to its metadata.
    ///
    /// ```
    /// use tracing_failure_bucket::ObjectInfo;
    ///
    /// let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
    /// let info = ObjectInfo { etag: "\"1\"".to_owned(), size: 3, digest: Some(digest) };
    /// assert!(info.has_content(b"abc") && !info.has_content(b"abd"));
    /// ```
    pub fn has_content(&self, content: &[u8]) -> bool {
        self.size == content.len() as u64 && self.digest.as_deref() == Some(&*digest_of(content))
    }

    pub(crate) fn from_answer(answer: &HttpAnswer, size: Option<u64>) -> Result<Self, Fault> {
        let invalid = |what: &str| Fault::new(BucketErrorKind::InvalidAnswer, format!("the answer has no {what}"));
        let size = size.or_else(|| answer.header("content-length")?.parse().ok());
        Ok(ObjectInfo {
            etag: answer.header("etag").ok_or_else(|| invalid("ETag"))?.to_owned(),
            size: size.ok_or_else(|| invalid("Content-Length"))?,
            digest: answer.header(DIGEST_HEADER).filter(|digest| is_digest(digest)).map(str::to_ascii_lowercase),
        })
    }
}

/// An object with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// The object.
    pub info: ObjectInfo,
    /// Its content.
    pub content: Vec<u8>,
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// The key of the object.
    pub key: String,
    /// The size in bytes.
    pub size: u64,
}

/// The result of a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum PutOutcome {
    /// The object has the new content.
    Written,
    /// Another program has written or deleted the object. Its content is not known.
    Conflict,
}

/// The SHA-256 of a content in hexadecimal digits.
pub(crate) fn digest_of(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

//! The error of a bucket.

use std::fmt;

/// The reason why an operation on a bucket failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BucketErrorKind {
    /// The address of the bucket, or a key, is not valid.
    InvalidUrl,
    /// An environment variable is not valid.
    InvalidSettings,
    /// The environment contains no credentials.
    NoCredentials,
    /// The credentials permit no such operation.
    AccessDenied,
    /// The service does not know the key, or the secret is wrong.
    InvalidCredentials,
    /// The token has expired.
    ExpiredCredentials,
    /// The clocks of this machine and of the service differ.
    ClockSkew,
    /// The bucket does not exist.
    NoSuchBucket,
    /// The bucket is in another region.
    WrongRegion,
    /// The service redirects to another address.
    Redirect,
    /// The service does not support the request.
    Unsupported,
    /// The service is busy or broken, also after several attempts.
    Unavailable,
    /// The service cannot be reached, also after several attempts.
    Unreachable,
    /// The service rejects the request for another reason.
    Rejected,
    /// An object or an answer is larger than permitted.
    TooLarge,
    /// The answer is not one of an S3 service.
    InvalidAnswer,
    /// The content of an object differs from the content that was written.
    Damaged,
    /// The object belongs to another program.
    NotOurs,
}

/// A failed operation on a bucket. The message names the object, the answer of the service, and the remedy. It contains
/// no credentials.
///
/// ```
/// use tracing_failure_bucket::{BucketErrorKind, S3Url};
///
/// let error = "corpus".parse::<S3Url>().unwrap_err();
/// assert_eq!((error.kind(), error.status(), error.code()), (BucketErrorKind::InvalidUrl, None, None));
/// ```
#[derive(Clone, Debug)]
pub struct BucketError(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    kind: BucketErrorKind,
    message: String,
    status: Option<u16>,
    code: Option<String>,
}

impl BucketError {
    pub(crate) fn new(kind: BucketErrorKind, message: String) -> Self {
        BucketError(Box::new(Details { kind, message, status: None, code: None }))
    }

    pub(crate) fn with_answer(mut self, status: Option<u16>, code: Option<String>) -> Self {
        self.0.status = status;
        self.0.code = code;
        self
    }

    /// The reason.
    pub fn kind(&self) -> BucketErrorKind {
        self.0.kind
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The code of S3, such as `NoSuchBucket`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }
}

impl fmt::Display for BucketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for BucketError {}

//! The answer of the service, and what a failed one means.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use ureq::http::HeaderMap;

use crate::error::BucketErrorKind;
use crate::error_document::ErrorDocument;

/// Difference of clocks above which a rejection is explained by it. Services accept 15 minutes.
const MAX_CLOCK_DIFFERENCE: i64 = 300;

/// An answer with its body, which is complete unless the status reports an error.
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The reason why one attempt failed.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: BucketErrorKind,
    /// The observation, the first part of a message.
    pub(crate) detail: String,
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<String>,
    pub(crate) is_retryable: bool,
    /// The delay that the service asks for.
    pub(crate) retry_after: Option<Duration>,
}

impl Fault {
    pub(crate) fn new(kind: BucketErrorKind, detail: impl Into<String>) -> Self {
        Fault { kind, detail: detail.into(), status: None, code: None, is_retryable: false, retry_after: None }
    }

    pub(crate) fn retryable(kind: BucketErrorKind, detail: impl Into<String>) -> Self {
        Fault { is_retryable: true, ..Fault::new(kind, detail) }
    }
}

impl HttpAnswer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The text of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
    }

    /// Converts an answer with an error.
    pub(crate) fn fault(&self, region: &str) -> Fault {
        let document = ErrorDocument::parse(&self.body);
        let code = document.code.as_deref().unwrap_or_default();
        let other_region = self.header("x-amz-bucket-region").map(str::to_owned).or_else(|| document.region.clone());
        let other_region = other_region.filter(|other| other != region);
        let kind = match (self.status, code) {
            (_, "RequestTimeTooSkewed") => BucketErrorKind::ClockSkew,
            (_, "NoSuchBucket") => BucketErrorKind::NoSuchBucket,
            (_, "ExpiredToken" | "TokenRefreshRequired") => BucketErrorKind::ExpiredCredentials,
            (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken") => BucketErrorKind::InvalidCredentials,
            // The answer to HEAD has status 400, and no document.
            (300..=400, _) if other_region.is_some() => BucketErrorKind::WrongRegion,
            (300..=399, _) => BucketErrorKind::Redirect,
            (401 | 403, _) if self.clock_difference().is_some() => BucketErrorKind::ClockSkew,
            (401 | 403, _) => BucketErrorKind::AccessDenied,
            (405 | 501, _) | (_, "NotImplemented") => BucketErrorKind::Unsupported,
            (429 | 500 | 502 | 503 | 504, _) => BucketErrorKind::Unavailable,
            _ => BucketErrorKind::Rejected,
        };
        // S3 reports a body that arrived slowly with status 400.
        let is_retryable = kind == BucketErrorKind::Unavailable || code == "RequestTimeout";
        let mut detail = format!("status {}", self.status);
        if !code.is_empty() {
            detail = format!("{detail} {code}");
        }
        if let Some(message) = &document.message {
            detail = format!("{detail}, \"{message}\"");
        }
        let detail = match kind {
            BucketErrorKind::WrongRegion => {
                format!("{detail}: the bucket is in the region {}", other_region.unwrap_or_default())
            }
            BucketErrorKind::Redirect => format!("{detail}: the service redirects to {}", self.redirect_target()),
            BucketErrorKind::ClockSkew => format!("{detail}: {}", self.clock_text()),
            _ => detail,
        };
        Fault {
            status: Some(self.status),
            code: document.code,
            is_retryable,
            retry_after: self.header("retry-after").and_then(|value| value.parse().ok()).map(Duration::from_secs),
            ..Fault::new(kind, detail)
        }
    }

    /// The target without its path and query, which may contain a signature.
    fn redirect_target(&self) -> String {
        let target = self.header("location").unwrap_or("another address");
        let end = target.find("://").map_or(0, |at| at + 3);
        let end = target[end..].find(['/', '?', '#']).map_or(target.len(), |at| end + at);
        text::one_line(&target[..end]).into_owned()
    }

    /// Seconds by which this machine is ahead of the service, if they are many.
    fn clock_difference(&self) -> Option<i64> {
        let theirs = DateTime::parse_from_rfc2822(self.header("date")?).ok()?.timestamp();
        let ours =
            SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|time| i64::try_from(time.as_secs()).ok())?;
        let difference = ours.checked_sub(theirs)?;
        (difference.abs() > MAX_CLOCK_DIFFERENCE).then_some(difference)
    }

    fn clock_text(&self) -> String {
        match self.clock_difference() {
            Some(seconds) if seconds > 0 => format!("this machine's clock is {} minutes ahead", seconds / 60),
            Some(seconds) => format!("this machine's clock is {} minutes behind", -seconds / 60),
            None => "the clocks of this machine and of the service differ".to_owned(),
        }
    }
}

/// The remedy, the last part of a message.
pub(crate) fn remedy(kind: BucketErrorKind) -> &'static str {
    match kind {
        BucketErrorKind::AccessDenied => {
            "Access is denied. The credentials need the permissions s3:ListBucket, s3:GetObject and s3:PutObject"
        }
        BucketErrorKind::InvalidCredentials => {
            "The service rejects the credentials. Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        }
        BucketErrorKind::ExpiredCredentials => "The credentials have expired. Renew AWS_SESSION_TOKEN and both keys",
        BucketErrorKind::ClockSkew => "Set the clock of this machine",
        BucketErrorKind::NoSuchBucket => {
            "The bucket does not exist. Create it, or check its name and AWS_ENDPOINT_URL_S3"
        }
        BucketErrorKind::WrongRegion => "Set AWS_REGION to this region",
        BucketErrorKind::Redirect => {
            "Redirects are not followed. Set AWS_ENDPOINT_URL_S3 to the address of the service"
        }
        BucketErrorKind::Unsupported => "The service does not support this request, which needs conditional writes",
        BucketErrorKind::Unavailable => "The service is busy or broken. Try again later",
        BucketErrorKind::Unreachable => "Check the network, AWS_ENDPOINT_URL_S3 and AWS_CA_BUNDLE",
        BucketErrorKind::InvalidAnswer => "The answer is not one of an S3 service. Check AWS_ENDPOINT_URL_S3",
        BucketErrorKind::Damaged => "Export the runs again",
        BucketErrorKind::NotOurs => "Use another prefix, or delete the object",
        _ => "",
    }
}

//! Operations on the objects of a bucket.

use std::fmt;
use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Credentials, S3Action, UrlStyle};
use ureq::http::Method;
use url::Url;

use crate::access::BucketAccess;
use crate::answer::{Fault, HttpAnswer, remedy};
use crate::error::{BucketError, BucketErrorKind};
use crate::options::BucketOptions;
use crate::retry::with_retries;
use crate::s3_url::{S3Url, check_key};
use crate::stored::{DIGEST_HEADER, ListedObject, ObjectInfo, PutOutcome, StoredObject, digest_of};
use crate::transport::{SignedRequest, Transport};

/// The time after which a signature expires.
const SIGNATURE_LIFETIME: Duration = Duration::from_secs(3600);
/// Maximum size of a page of a listing: 1000 keys of 1024 bytes, each of which may be escaped, and their properties.
const MAX_PAGE_BYTES: u64 = 8 << 20;
/// Maximum number of objects in a listing.
const MAX_OBJECTS: usize = 1_000_000;
/// Maximum number of pages in a listing, some of which may be empty.
const MAX_PAGES: usize = 10_000;
const MAX_TOKEN_BYTES: usize = 8 << 10;
/// Maximum size of an object that S3 accepts in one request.
const MAX_OBJECT_BYTES: u64 = 5 << 30;
/// Maximum size of an answer that has no content.
const MAX_EMPTY_BYTES: u64 = 64 << 10;

/// A bucket of an S3 service.
///
/// Writes are conditional: they never overwrite an object that the caller has not read. `Debug` shows no credentials.
pub struct Bucket {
    inner: rusty_s3::Bucket,
    credentials: Credentials,
    transport: Transport,
    options: BucketOptions,
}

impl Bucket {
    /// Prepares the access to the bucket of an address. It sends no request.
    ///
    /// # Errors
    ///
    /// If the settings are not valid.
    ///
    /// ```
    /// use tracing_failure_bucket::{Bucket, BucketAccess, BucketOptions};
    ///
    /// let access = BucketAccess::from_variables(|name| match name {
    ///     "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
    ///     "AWS_ENDPOINT_URL_S3" => Some("http://127.0.0.1:9000".to_owned()),
    ///     _ => None,
    /// })?;
    /// let bucket = Bucket::new(&"s3://lab/corpus".parse()?, access, BucketOptions::default())?;
    /// assert_eq!(bucket.name(), "lab");
    /// # Ok::<(), tracing_failure_bucket::BucketError>(())
    /// ```
    pub fn new(url: &S3Url, access: BucketAccess, options: BucketOptions) -> Result<Self, BucketError> {
        let (endpoint, style) = endpoint(url.bucket(), &access)?;
        let inner = rusty_s3::Bucket::new(endpoint, style, url.bucket().to_owned(), access.region.clone());
        let inner = inner.map_err(|_| {
            let message = format!("the name '{}' of the bucket does not fit into an address", url.bucket());
            BucketError::new(BucketErrorKind::InvalidUrl, message)
        })?;
        let transport = Transport::new(&access, inner.base_url(), &options)?;
        Ok(Bucket { inner, credentials: access.secrets.credentials(), transport, options })
    }

    /// The name of the bucket.
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    /// Reads an object. Returns `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// If the object has more than `max_bytes` bytes, if its content does not agree with its digest, or if the service
    /// does not answer as expected.
    pub fn get(&self, key: &str, max_bytes: u64) -> Result<Option<StoredObject>, BucketError> {
        self.try_key(Verb::Read, key, |_| {
            let url = self.inner.get_object(Some(&self.credentials), key).sign(SIGNATURE_LIFETIME);
            let answer = self.send(Method::GET, url, &[], None, max_bytes)?;
            if self.is_missing(&answer) {
                return Ok(None);
            }
            let answer = self.expect_success(answer)?;
            let info = ObjectInfo::from_answer(&answer, Some(answer.body.len() as u64))?;
            if info.is_ours() && !info.has_content(&answer.body) {
                let detail = "the content does not agree with its SHA-256";
                return Err(Fault::retryable(BucketErrorKind::Damaged, detail));
            }
            Ok(Some(StoredObject { info, content: answer.body }))
        })
    }

    /// Reads the properties of an object. Returns `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// If the service does not answer as expected.
    pub fn head(&self, key: &str) -> Result<Option<ObjectInfo>, BucketError> {
        self.try_key(Verb::Read, key, |_| self.head_once(key))
    }

    /// Lists the objects whose keys are below a prefix, or all objects if it is empty.
    ///
    /// # Errors
    ///
    /// If there are more than 1,000,000 objects, or if the service does not answer as expected.
    pub fn list(&self, prefix: &str) -> Result<Vec<ListedObject>, BucketError> {
        let directory = if prefix.is_empty() { String::new() } else { format!("{}/", prefix.trim_end_matches('/')) };
        let mut objects = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let (page, token) = with_retries(&self.options, |_| self.list_page(&directory, next.as_deref()))
                .map_err(|fault| self.error(Verb::List, prefix, fault))?;
            objects.extend(page);
            let Some(token) = token else { return Ok(objects) };
            if objects.len() > MAX_OBJECTS {
                break;
            }
            if next.as_ref() == Some(&token) || token.len() > MAX_TOKEN_BYTES {
                let fault = Fault::new(BucketErrorKind::InvalidAnswer, "the listing does not continue");
                return Err(self.error(Verb::List, prefix, fault));
            }
            next = Some(token);
        }
        let detail = format!("the listing has more than {MAX_OBJECTS} objects or {MAX_PAGES} pages");
        Err(self.error(Verb::List, prefix, Fault::new(BucketErrorKind::TooLarge, detail)))
    }

    /// Writes an object if none with its key exists.
    ///
    /// # Errors
    ///
    /// If the service does not answer as expected.
    pub fn put_new(&self, key: &str, content: &[u8]) -> Result<PutOutcome, BucketError> {
        self.put(key, content, ("if-none-match", "*"))
    }

    /// Replaces the content of an object that has not changed since the caller read these properties. An object that
    /// has this content already is not written again.
    ///
    /// # Errors
    ///
    /// If another program has written the object, or if the service does not answer as expected.
    pub fn replace(&self, key: &str, content: &[u8], old: &ObjectInfo) -> Result<PutOutcome, BucketError> {
        if !old.is_ours() {
            let detail = "tracing-failure has not written this object";
            return Err(self.error(Verb::Write, key, Fault::new(BucketErrorKind::NotOurs, detail)));
        }
        if old.has_content(content) {
            return Ok(PutOutcome::Written);
        }
        self.put(key, content, ("if-match", &old.etag))
    }

    fn put(&self, key: &str, content: &[u8], condition: (&str, &str)) -> Result<PutOutcome, BucketError> {
        if content.len() as u64 > MAX_OBJECT_BYTES {
            let detail = format!("the object has {} bytes, and S3 accepts {MAX_OBJECT_BYTES}", content.len());
            return Err(self.error(Verb::Write, key, Fault::new(BucketErrorKind::TooLarge, detail)));
        }
        let digest = digest_of(content);
        self.try_key(Verb::Write, key, |earlier| {
            let mut action = self.inner.put_object(Some(&self.credentials), key);
            action.headers_mut().insert(DIGEST_HEADER, &*digest);
            let headers = [(DIGEST_HEADER, &*digest), ("content-type", "application/octet-stream"), condition];
            let url = action.sign(SIGNATURE_LIFETIME);
            let answer = self.send(Method::PUT, url, &headers, Some(content), MAX_EMPTY_BYTES)?;
            // A missing object cannot match. A missing bucket is an error.
            let is_gone = condition.0 == "if-match" && self.is_missing(&answer);
            if answer.status == 412 || answer.status == 409 || is_gone {
                // The earlier attempt may have arrived, although its answer was lost.
                let is_ours = earlier > 0 && self.head_once(key)?.is_some_and(|info| info.has_content(content));
                return Ok(if is_ours { PutOutcome::Written } else { PutOutcome::Conflict });
            }
            self.expect_success(answer).map(|_| PutOutcome::Written)
        })
    }

    fn head_once(&self, key: &str) -> Result<Option<ObjectInfo>, Fault> {
        let url = self.inner.head_object(Some(&self.credentials), key).sign(SIGNATURE_LIFETIME);
        let answer = self.send(Method::HEAD, url, &[], None, 0)?;
        // The answer has no document that could name the bucket.
        if answer.status == 404 {
            return Ok(None);
        }
        ObjectInfo::from_answer(&self.expect_success(answer)?, None).map(Some)
    }

    fn list_page(&self, directory: &str, token: Option<&str>) -> Result<(Vec<ListedObject>, Option<String>), Fault> {
        let mut action = self.inner.list_objects_v2(Some(&self.credentials));
        action.with_prefix(directory);
        if let Some(token) = token {
            action.with_continuation_token(token);
        }
        let answer = self.send(Method::GET, action.sign(SIGNATURE_LIFETIME), &[], None, MAX_PAGE_BYTES)?;
        let answer = self.expect_success(answer)?;
        let invalid = |reason: &str| Fault::new(BucketErrorKind::InvalidAnswer, reason);
        let page = std::str::from_utf8(&answer.body).map_err(|_| invalid("the listing is not text"))?;
        let page = ListObjectsV2::parse_response(page).map_err(|error| {
            invalid(&format!("the listing is not readable: {}", text::one_line(&error.to_string())))
        })?;
        let mut objects = Vec::with_capacity(page.contents.len());
        for object in page.contents {
            if !object.key.starts_with(directory) {
                return Err(invalid("the listing contains keys with another prefix"));
            }
            // Some tools create objects that stand for directories.
            if !object.key.ends_with('/') {
                objects.push(ListedObject { key: object.key, size: object.size.unwrap_or_default() });
            }
        }
        Ok((objects, page.next_continuation_token))
    }

    fn send(
        &self,
        method: Method,
        url: Url,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        max_bytes: u64,
    ) -> Result<HttpAnswer, Fault> {
        self.transport.send(SignedRequest { method, url, headers, body, max_bytes })
    }

    fn expect_success(&self, answer: HttpAnswer) -> Result<HttpAnswer, Fault> {
        if answer.is_success() { Ok(answer) } else { Err(answer.fault(self.inner.region())) }
    }

    /// Returns true if the object is missing, and not its bucket.
    fn is_missing(&self, answer: &HttpAnswer) -> bool {
        answer.status == 404 && answer.fault(self.inner.region()).kind != BucketErrorKind::NoSuchBucket
    }

    fn try_key<T>(
        &self,
        verb: Verb,
        key: &str,
        request: impl FnMut(u32) -> Result<T, Fault>,
    ) -> Result<T, BucketError> {
        if let Err(reason) = check_key(key) {
            return Err(self.error(
                verb,
                key,
                Fault::new(BucketErrorKind::InvalidUrl, format!("the key is not valid: {reason}")),
            ));
        }
        with_retries(&self.options, request).map_err(|fault| self.error(verb, key, fault))
    }

    fn error(&self, verb: Verb, key: &str, fault: Fault) -> BucketError {
        let verb = match verb {
            Verb::Read => "read",
            Verb::List => "list",
            Verb::Write => "write",
        };
        let host = &self.inner.base_url()[url::Position::BeforeScheme..url::Position::AfterPort];
        let place = format!("s3://{}/{}", self.inner.name(), text::one_line(key));
        let mut message = format!("cannot {verb} {place} at {host}: {}", fault.detail);
        let remedy = remedy(fault.kind);
        if !remedy.is_empty() {
            message = format!("{}. {remedy}", message.trim_end_matches('.'));
        }
        BucketError::new(fault.kind, message).with_answer(fault.status, fault.code)
    }
}

#[derive(Clone, Copy)]
enum Verb {
    Read,
    List,
    Write,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("url", &self.inner.base_url().as_str()).finish_non_exhaustive()
    }
}

/// The address of the service. Buckets of AWS have a host of their own if their name fits into its certificate.
fn endpoint(bucket: &str, access: &BucketAccess) -> Result<(Url, UrlStyle), BucketError> {
    if let Some(endpoint) = &access.endpoint {
        return Ok((endpoint.clone(), UrlStyle::Path));
    }
    let domain = if access.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let url = format!("https://s3.{}.{domain}", access.region);
    let url = Url::parse(&url).map_err(|_| {
        let message = format!("the region '{}' of AWS_REGION does not fit into an address", access.region);
        BucketError::new(BucketErrorKind::InvalidSettings, message)
    })?;
    let fits = bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    Ok((url, if fits { UrlStyle::VirtualHost } else { UrlStyle::Path }))
}

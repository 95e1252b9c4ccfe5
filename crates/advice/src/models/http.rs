//! HTTP requests with retries.

use std::io::{self, Read};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use ureq::http::{HeaderMap, Response, StatusCode, header};
use ureq::{Agent, Body};

use super::error::AskErrorKind;
use super::request::Request;
use super::retry;

/// Maximum size of a reply.
const MAX_REPLY_BYTES: u64 = 4 << 20;
/// Maximum size of an error page that is read.
const MAX_ERROR_PAGE_BYTES: u64 = 64 << 10;
/// Maximum length of a page's excerpt in an error message.
const MAX_EXCERPT_CHARS: usize = 400;
/// Some servers send it before the JSON.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// The time limit of a request.
#[derive(Clone, Copy)]
struct Deadline {
    total: Duration,
    end: Instant,
}

impl Deadline {
    fn remaining(self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

/// Sends a request and returns the JSON of the reply. It takes at most `timeout`, including retries.
///
/// `attempts` counts the requests.
///
/// # Errors
///
/// Returns the error of the last attempt.
pub(super) fn post(
    request: &Request,
    timeout: Duration,
    is_local: bool,
    attempts: &mut u32,
) -> Result<Json, AskErrorKind> {
    // A century is long enough, and cannot overflow `Instant`.
    let timeout = timeout.min(Duration::from_secs(100 * 365 * 24 * 3600));
    let deadline = Deadline { total: timeout, end: Instant::now() + timeout };
    let body = request.body.to_string();
    loop {
        *attempts += 1;
        let kind = match send_once(request, &body, deadline, is_local) {
            Ok(json) => return Ok(json),
            Err(kind) => kind,
        };
        if !retry::should_retry(&kind, *attempts) {
            return Err(kind);
        }
        let requested = if let AskErrorKind::Status { retry_after, .. } = &kind { *retry_after } else { None };
        let delay = requested.unwrap_or_default().max(retry::delay(*attempts));
        // The timeout would end the delay.
        if delay >= deadline.remaining() {
            return Err(kind);
        }
        thread::sleep(delay);
    }
}

fn send_once(request: &Request, body: &str, deadline: Deadline, is_local: bool) -> Result<Json, AskErrorKind> {
    let mut call = agent(deadline.remaining(), is_local).post(&request.url);
    for header in &request.headers {
        call = call.header(header.name, header.reveal());
    }
    let mut response = call.send(body).map_err(|error| error_kind(error, deadline, is_local))?;
    let status = response.status();
    // Other statuses of this class, such as 304, have no target.
    if status.is_redirection() && response.headers().contains_key(header::LOCATION) {
        return Err(AskErrorKind::Redirect { status, to: redirect_target(response.headers()) });
    }
    if !status.is_success() {
        let retry_after = header_text(response.headers(), header::RETRY_AFTER);
        return Err(status_error(status, &retry_after, &read_error_page(response.body_mut())));
    }
    let text = read(&mut response, deadline, is_local)?;
    let json = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    let json = serde_json::from_slice(json).map_err(|_| AskErrorKind::NotJson(excerpt(&text)))?;
    error_message(&json).map_or(Ok(json), |message| Err(AskErrorKind::ErrorReply(message)))
}

/// Creates an agent for one request, so that no connection is reused that the server may have closed.
fn agent(remaining: Duration, is_local: bool) -> Agent {
    // Zero would disable the limit.
    let remaining = remaining.max(Duration::from_millis(1));
    let config = Agent::config_builder()
        .http_status_as_error(false)
        // A redirect would forward the key.
        .max_redirects(0)
        .timeout_global(Some(remaining))
        .timeout_per_call(Some(remaining))
        .timeout_resolve(Some(RESOLVE_TIMEOUT.min(remaining)))
        .timeout_connect(Some(CONNECT_TIMEOUT.min(remaining)))
        .timeout_send_request(Some(SEND_TIMEOUT.min(remaining)))
        .timeout_send_body(Some(SEND_TIMEOUT.min(remaining)))
        // A model may think for a long time before the first byte.
        .timeout_recv_response(Some(remaining))
        .timeout_recv_body(Some(remaining));
    // Requests to this machine need no proxy, and must not be visible to one.
    let config = if is_local { config.proxy(None) } else { config };
    config.build().new_agent()
}

/// Reads the body of a reply.
fn read(response: &mut Response<Body>, deadline: Deadline, is_local: bool) -> Result<Vec<u8>, AskErrorKind> {
    if header_text(response.headers(), header::CONTENT_TYPE).to_ascii_lowercase().starts_with("text/event-stream") {
        return Err(AskErrorKind::Stream);
    }
    let mut text = Vec::new();
    let mut reader = response.body_mut().as_reader().take(MAX_REPLY_BYTES + 1);
    reader.read_to_end(&mut text).map_err(|error| error_kind(error.into(), deadline, is_local))?;
    if text.len() as u64 > MAX_REPLY_BYTES { Err(AskErrorKind::TooLarge(MAX_REPLY_BYTES)) } else { Ok(text) }
}

/// Reads an error page. Read errors are ignored, because the status already reports the failure.
fn read_error_page(body: &mut Body) -> Vec<u8> {
    let mut page = Vec::new();
    let _ = body.as_reader().take(MAX_ERROR_PAGE_BYTES).read_to_end(&mut page);
    page
}

/// Converts the error of a call.
fn error_kind(error: ureq::Error, deadline: Deadline, is_local: bool) -> AskErrorKind {
    if deadline.remaining().is_zero() {
        return AskErrorKind::Timeout(deadline.total);
    }
    let is_retryable = match &error {
        ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => true,
        // On this machine, a refused connection means that no server is running. Waiting a second will not start it.
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => !is_local,
        // Invalid certificates and malformed replies do not change.
        ureq::Error::Io(error) => !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput),
        _ => false,
    };
    let reason = match &error {
        ureq::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    AskErrorKind::Unreachable { reason, is_retryable }
}

fn status_error(status: StatusCode, retry_after: &str, page: &[u8]) -> AskErrorKind {
    let json: Json = serde_json::from_slice(page).unwrap_or_default();
    let message = error_message(&json).unwrap_or_else(|| excerpt(page));
    let retry_after =
        retry::delay_from_header(retry_after, record::time::now()).or_else(|| retry::delay_from_body(&json));
    // The status of an exhausted quota is the same as that of too many requests per minute.
    let is_final = json.pointer("/error/code").and_then(Json::as_str) == Some("insufficient_quota");
    AskErrorKind::Status { status, message, retry_after, is_final }
}

/// The error message in a reply, in the formats of several servers.
fn error_message(json: &Json) -> Option<String> {
    let error = json.get("error").or_else(|| json.pointer("/0/error")).filter(|error| !is_empty(error))?;
    let message = error.get("message").unwrap_or(error);
    Some(message.as_str().map_or_else(|| message.to_string(), str::to_owned))
}

/// Returns true for an empty error. Some servers send one along with an answer.
fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::Object(members) => members.values().all(is_empty),
        Json::Array(items) => items.is_empty(),
        Json::String(text) => text.trim().is_empty(),
        Json::Bool(true) | Json::Number(_) => false,
    }
}

/// The target of a redirect without its query, which may contain secrets.
fn redirect_target(headers: &HeaderMap) -> String {
    header_text(headers, header::LOCATION).split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

fn excerpt(page: &[u8]) -> String {
    String::from_utf8_lossy(page).trim().chars().take(MAX_EXCERPT_CHARS).collect()
}

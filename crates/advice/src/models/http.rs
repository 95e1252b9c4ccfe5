//! One question to a server, and again where that can help.

use std::io::{self, Read};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use ureq::http::{HeaderMap, Response, StatusCode, header};
use ureq::{Agent, Body};

use super::error::Trouble;
use super::request::Request;
use super::retry;

/// Bytes of an answer that are read.
const MOST_BYTES: u64 = 4 << 20;
/// Bytes of an error's page that are read.
const MOST_ERROR_BYTES: u64 = 64 << 10;
/// Characters of a page that stand for all of it.
const BEGINNING: usize = 400;
/// Some servers begin with it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const TO_RESOLVE: Duration = Duration::from_secs(10);
const TO_CONNECT: Duration = Duration::from_secs(15);
const TO_SEND: Duration = Duration::from_secs(60);

/// How long a question may take.
#[derive(Clone, Copy)]
struct Time {
    all: Duration,
    end: Instant,
}

impl Time {
    fn left(self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

/// Posts the request, and returns the JSON that comes back. Never takes longer than `timeout`, retries among it.
///
/// `tries` counts how often the server was asked.
///
/// # Errors
///
/// What went wrong the last time.
pub(super) fn post(request: &Request, timeout: Duration, is_local: bool, tries: &mut u32) -> Result<Json, Trouble> {
    // What is longer than a century is for ever.
    let timeout = timeout.min(Duration::from_secs(100 * 365 * 24 * 3600));
    let time = Time { all: timeout, end: Instant::now() + timeout };
    let body = request.body.to_string();
    loop {
        *tries += 1;
        let trouble = match once(request, &body, time, is_local) {
            Ok(json) => return Ok(json),
            Err(trouble) => trouble,
        };
        if !retry::can_help(&trouble, *tries) {
            return Err(trouble);
        }
        let asked_for = if let Trouble::Status { wait, .. } = &trouble { *wait } else { None };
        let pause = asked_for.unwrap_or_default().max(retry::pause(*tries));
        // To wait for longer than there is time is to wait for nothing.
        if pause >= time.left() {
            return Err(trouble);
        }
        thread::sleep(pause);
    }
}

fn once(request: &Request, body: &str, time: Time, is_local: bool) -> Result<Json, Trouble> {
    let mut call = agent(time.left(), is_local).post(&request.url);
    for header in &request.headers {
        call = call.header(header.name, header.revealed());
    }
    let mut response = call.send(body).map_err(|error| about(error, time, is_local))?;
    let status = response.status();
    // Others of this kind, such as 304, lead nowhere.
    if status.is_redirection() && response.headers().contains_key(header::LOCATION) {
        return Err(Trouble::Redirect { status, to: target(response.headers()) });
    }
    if !status.is_success() {
        let wait = header_text(response.headers(), header::RETRY_AFTER);
        return Err(about_status(status, &wait, &beginning_of_page(response.body_mut())));
    }
    let text = read(&mut response, time, is_local)?;
    let json = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    let json = serde_json::from_slice(json).map_err(|_| Trouble::NoJson(beginning(&text)))?;
    error_inside(&json).map_or(Ok(json), |message| Err(Trouble::ErrorInside(message)))
}

/// A new one for each call: no connection is kept that the server may have closed.
fn agent(left: Duration, is_local: bool) -> Agent {
    // Zero would be no limit.
    let left = left.max(Duration::from_millis(1));
    let config = Agent::config_builder()
        .http_status_as_error(false)
        // The key would go along.
        .max_redirects(0)
        .timeout_global(Some(left))
        .timeout_per_call(Some(left))
        .timeout_resolve(Some(TO_RESOLVE.min(left)))
        .timeout_connect(Some(TO_CONNECT.min(left)))
        .timeout_send_request(Some(TO_SEND.min(left)))
        .timeout_send_body(Some(TO_SEND.min(left)))
        // A model may think for long before the first byte.
        .timeout_recv_response(Some(left))
        .timeout_recv_body(Some(left));
    // What stays on this machine needs no proxy, and must not be shown to one.
    let config = if is_local { config.proxy(None) } else { config };
    config.build().new_agent()
}

/// The answer's bytes.
fn read(response: &mut Response<Body>, time: Time, is_local: bool) -> Result<Vec<u8>, Trouble> {
    if header_text(response.headers(), header::CONTENT_TYPE).to_ascii_lowercase().starts_with("text/event-stream") {
        return Err(Trouble::Stream);
    }
    let mut text = Vec::new();
    let mut reader = response.body_mut().as_reader().take(MOST_BYTES + 1);
    reader.read_to_end(&mut text).map_err(|error| about(error.into(), time, is_local))?;
    if text.len() as u64 > MOST_BYTES { Err(Trouble::TooLarge(MOST_BYTES)) } else { Ok(text) }
}

/// What could be read of an error's page: it is known without that something is wrong.
fn beginning_of_page(body: &mut Body) -> Vec<u8> {
    let mut page = Vec::new();
    let _ = body.as_reader().take(MOST_ERROR_BYTES).read_to_end(&mut page);
    page
}

/// What stopped a call.
fn about(error: ureq::Error, time: Time, is_local: bool) -> Trouble {
    if time.left().is_zero() {
        return Trouble::TimeOut(time.all);
    }
    let again = match &error {
        ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => true,
        // On this machine it is refused where no server runs, and one that does not run will not in a second.
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => !is_local,
        // Certificates and broken answers stay as they are.
        ureq::Error::Io(error) => !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput),
        _ => false,
    };
    let why = match &error {
        ureq::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    Trouble::Unreachable { why, again }
}

fn about_status(status: StatusCode, retry_after: &str, page: &[u8]) -> Trouble {
    let json: Json = serde_json::from_slice(page).unwrap_or_default();
    let message = error_inside(&json).unwrap_or_else(|| beginning(page));
    let wait = retry::after_header(retry_after, tracing_failure::time::now()).or_else(|| retry::after_body(&json));
    // A bill that is not paid is told in the same way as too many questions in a minute.
    let is_final = json.pointer("/error/code").and_then(Json::as_str) == Some("insufficient_quota");
    Trouble::Status { status, message, wait, is_final }
}

/// What the server says of an error, in the ways of several of them.
fn error_inside(json: &Json) -> Option<String> {
    let error = json.get("error").or_else(|| json.pointer("/0/error")).filter(|error| !is_empty(error))?;
    let message = error.get("message").unwrap_or(error);
    Some(message.as_str().map_or_else(|| message.to_string(), str::to_owned))
}

/// Whether it says nothing: some servers have an empty error beside an answer.
fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::Object(members) => members.values().all(is_empty),
        Json::Array(items) => items.is_empty(),
        Json::String(text) => text.trim().is_empty(),
        Json::Bool(true) | Json::Number(_) => false,
    }
}

/// Where a redirect leads; what stands in its query may be secret.
fn target(headers: &HeaderMap) -> String {
    header_text(headers, header::LOCATION).split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

fn beginning(page: &[u8]) -> String {
    String::from_utf8_lossy(page).trim().chars().take(BEGINNING).collect()
}

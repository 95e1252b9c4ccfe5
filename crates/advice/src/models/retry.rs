//! Retries and their delays.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::error::AskErrorKind;

/// Maximum number of requests to a server that is temporarily unable to answer.
const MAX_ATTEMPTS: u32 = 5;
/// Maximum number of connection attempts. Mostly the network is down, and the user should know soon.
const MAX_CONNECTION_ATTEMPTS: u32 = 3;
const INITIAL_DELAY: Duration = Duration::from_millis(500);
const MAX_DELAY: Duration = Duration::from_secs(20);

/// Returns true if another attempt may succeed.
pub(super) fn should_retry(kind: &AskErrorKind, attempts: u32) -> bool {
    match kind {
        AskErrorKind::Status { status, is_final, .. } => {
            !is_final && matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504) && attempts < MAX_ATTEMPTS
        }
        AskErrorKind::Unreachable { is_retryable, .. } => *is_retryable && attempts < MAX_CONNECTION_ATTEMPTS,
        _ => false,
    }
}

/// The delay after a number of attempts. It doubles each time, with random jitter between half and all of it, so that
/// clients that were rejected together do not retry together.
pub(super) fn delay(attempts: u32) -> Duration {
    let max_delay = INITIAL_DELAY.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1))).min(MAX_DELAY);
    max_delay.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// The delay in the header `Retry-After`: seconds, or the time until a date.
pub(super) fn delay_from_header(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    // If the date has passed, the delay is zero.
    Some(date.signed_duration_since(now).to_std().unwrap_or_default())
}

/// The delay in the body of a Google error: `retryDelay` in the details, such as `34.5s`.
pub(super) fn delay_from_body(body: &Json) -> Option<Duration> {
    let details = body.pointer("/error/details")?.as_array()?;
    let delay = details.iter().find_map(|detail| detail.get("retryDelay")?.as_str())?;
    Duration::try_from_secs_f64(delay.strip_suffix('s')?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_determine_the_delay() {
        let now = "1994-11-06T08:49:00Z".parse().unwrap();
        let seconds = |value| delay_from_header(value, now).map(|delay| delay.as_secs());
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(37));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:48:00 GMT"), Some(0));
        for value in ["", "-1", "1.5", "soon", "99999999999999999999", "Sun, 06 Nov 1994"] {
            assert_eq!(seconds(value), None, "{value}");
        }
        let body = serde_json::json!({ "error": { "details": [{ "reason": "x" }, { "retryDelay": "34.5s" }] } });
        assert_eq!(delay_from_body(&body), Some(Duration::from_millis(34500)));
        assert_eq!(delay_from_body(&serde_json::json!({ "error": { "details": [{ "retryDelay": "-1s" }] } })), None);
    }

    #[test]
    fn pauses_grow_and_have_an_end() {
        for (attempts, max_delay) in [(1, 500), (2, 1000), (3, 2000), (99, 20_000)] {
            let delay = delay(attempts).as_millis();
            assert!((max_delay / 2..=max_delay).contains(&delay), "{attempts}: {delay}");
        }
    }
}

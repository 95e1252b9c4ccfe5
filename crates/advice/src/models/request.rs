//! Requests to servers.

use std::fmt;

use super::key::Key;
use super::ordered::OrderedJson;

/// A request. Its `Display` shows everything but the key.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) url: String,
    pub(super) headers: Vec<Header>,
    pub(super) body: OrderedJson,
}

/// A header, whose value may contain a key.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: &'static str,
    /// The text before the key.
    prefix: &'static str,
    key: Option<Key>,
}

impl Request {
    /// Creates a POST request with this JSON.
    pub(super) fn post(url: String, body: OrderedJson) -> Self {
        let header = |name, prefix| Header { name, prefix, key: None };
        let agent = concat!("failures/", env!("CARGO_PKG_VERSION"));
        let headers = vec![
            header("content-type", "application/json"),
            header("accept", "application/json"),
            header("user-agent", agent),
        ];
        Request { url, headers, body }
    }

    /// Adds a header with the key, if there is a key.
    pub(super) fn with_key(mut self, name: &'static str, prefix: &'static str, key: Option<&Key>) -> Self {
        self.headers.extend(key.map(|key| Header { name, prefix, key: Some(key.clone()) }));
        self
    }
}

impl Header {
    /// The value with the key.
    pub(super) fn reveal(&self) -> String {
        format!("{}{}", self.prefix, self.key.as_ref().map_or("", Key::reveal))
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.prefix)?;
        self.key.as_ref().map_or(Ok(()), |key| write!(f, "{key}"))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "POST {}", self.url)?;
        self.headers.iter().try_for_each(|header| writeln!(f, "{header}"))?;
        write!(f, "\n{:#}", self.body)
    }
}

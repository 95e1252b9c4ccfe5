//! What is sent to a server.

use std::fmt;

use super::key::Key;
use super::ordered::OrderedJson;

/// A request; printed, it is what would be sent but for its key.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) url: String,
    pub(super) headers: Vec<Header>,
    pub(super) body: OrderedJson,
}

/// A header whose value is not for everybody's eyes where it has a key in it.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: &'static str,
    /// What stands before the key.
    prefix: &'static str,
    key: Option<Key>,
}

impl Request {
    /// One that posts this JSON.
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

    /// The same with the key in this header, if there is one.
    pub(super) fn with_key(mut self, name: &'static str, prefix: &'static str, key: Option<&Key>) -> Self {
        self.headers.extend(key.map(|key| Header { name, prefix, key: Some(key.clone()) }));
        self
    }
}

impl Header {
    /// The value as it is sent.
    pub(super) fn revealed(&self) -> String {
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

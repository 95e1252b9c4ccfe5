//! Base URLs of servers.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use anyhow::{Context, bail, ensure};
use ureq::http::Uri;

/// The URL of a server, without query, user and trailing `/`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BaseUrl {
    uri: Uri,
    text: String,
}

impl BaseUrl {
    /// Appends a path. If the base URL has no path, the version (such as `/v1`) is inserted.
    pub(super) fn join(&self, version: &str, path: &str) -> String {
        match self.uri.path() {
            "" | "/" => format!("{}/{version}/{path}", self.text),
            _ => format!("{}/{path}", self.text),
        }
    }

    /// Returns true if the host is exactly `localhost` or a loopback address.
    pub(super) fn is_local(&self) -> bool {
        let host = self.uri.host().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        bare.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// Returns true if the connection is not encrypted.
    pub(super) fn is_plain(&self) -> bool {
        self.uri.scheme_str() != Some("https")
    }

    /// Returns true if scheme, host and port are equal.
    pub(super) fn is_at(&self, other: &BaseUrl) -> bool {
        let place = |url: &BaseUrl| (url.uri.scheme().cloned(), url.uri.authority().cloned());
        place(self) == place(other)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for BaseUrl {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, anyhow::Error> {
        let text = text.trim().trim_end_matches('/');
        // Errors do not repeat the text, which may contain a password.
        ensure!(!text.contains(['?', '#']), "a base URL must not contain a query or fragment");
        let uri: Uri = text.parse().context("invalid base URL")?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().unwrap_or_default().is_empty() {
            bail!("a base URL must begin with http:// or https:// and a host");
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        ensure!(
            !authority.contains('@'),
            "a base URL must not contain a user or password: keys are read from the environment"
        );
        Ok(BaseUrl { uri, text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        let is_local = |text: &str| text.parse::<BaseUrl>().unwrap().is_local();
        for url in [
            "http://localhost",
            "http://LOCALHOST:8080/v1",
            "https://127.0.0.1",
            "http://127.255.0.3:1",
            "http://[::1]:8080/",
        ] {
            assert!(is_local(url), "{url}");
        }
        for url in [
            "http://localhost.evil.com",
            "http://127.0.0.1.evil.com",
            "http://evil.com/localhost",
            "http://evil.com:127/127.0.0.1",
            "http://128.0.0.1",
            "http://0.0.0.0",
            "http://[::2]",
            "http://[::ffff:8.8.8.8]",
            "http://10.0.0.1",
            "http://localhosts",
        ] {
            assert!(!is_local(url), "{url}");
        }
    }

    #[test]
    fn invalid_base_urls_are_rejected() {
        for text in [
            "",
            "localhost:8080",
            "ftp://localhost",
            "http://",
            "http://localhost@evil.com",
            "http://127.0.0.1:80@evil.com/",
            "http://evil.com#@localhost",
            "http://localhost/?to=evil.com",
            "http://evil.com\\@localhost",
            "http://local host",
            "//localhost",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_version_is_added_where_there_is_no_path() {
        let join = |text: &str| text.parse::<BaseUrl>().unwrap().join("v1", "chat/completions");
        assert_eq!(join("http://localhost:8080"), "http://localhost:8080/v1/chat/completions");
        assert_eq!(join("http://localhost:8080/"), "http://localhost:8080/v1/chat/completions");
        assert_eq!(join("https://api.openai.com/v1/"), "https://api.openai.com/v1/chat/completions");
        assert_eq!(join("https://gate.example/openai"), "https://gate.example/openai/chat/completions");
    }
}

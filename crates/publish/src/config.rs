//! The git configuration.

use std::collections::HashMap;

use crate::error::PublishError;
use crate::git::Git;

/// All settings that apply to a repository, in order.
#[derive(Debug)]
pub(crate) struct Config {
    settings: HashMap<String, Vec<String>>,
    remotes: Vec<String>,
}

impl Config {
    pub(crate) fn read(git: &Git) -> Result<Self, PublishError> {
        Ok(Config::parse(&String::from_utf8_lossy(&git.read(&["config", "--list", "-z"], Vec::new())?)))
    }

    fn parse(text: &str) -> Self {
        let mut config = Config { settings: HashMap::new(), remotes: Vec::new() };
        for setting in text.split_terminator('\0') {
            let (name, value) = setting.split_once('\n').unwrap_or((setting, "true"));
            let remote = name.strip_prefix("remote.").and_then(|name| name.strip_suffix(".url"));
            if let Some(remote) = remote.filter(|remote| !config.remotes.iter().any(|known| known == remote)) {
                config.remotes.push(remote.to_owned());
            }
            config.settings.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        config
    }

    /// Returns the last value, which takes precedence. Section and key are in lower case; a subsection keeps its case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).last().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns all values of a setting.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.settings.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns true if a boolean setting is set to true.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        let is_off = |value: &str| ["false", "no", "off", "0"].iter().any(|off| value.eq_ignore_ascii_case(off));
        self.get(name).is_some_and(|value| !is_off(value))
    }

    /// Returns true if the repository is a partial clone, which fetches missing objects on demand.
    pub(crate) fn is_partial(&self) -> bool {
        let is_promisor = |name: &String| name.starts_with("remote.") && name.ends_with(".promisor");
        self.get("extensions.partialclone").is_some() || self.settings.keys().any(is_promisor)
    }

    pub(crate) fn remotes(&self) -> &[String] {
        &self.remotes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_wins_and_may_have_lines() {
        let config = Config::parse(
            "user.name\nA\0user.name\nB\nC\0remote.a.b.url\nu\0remote.a.b.url\nv\0remote.c.push\nx\0core.bare\0",
        );
        assert_eq!(config.get("user.name"), Some("B\nC"));
        assert_eq!(config.get("core.bare"), Some("true"));
        assert_eq!(config.all("remote.a.b.url"), ["u", "v"]);
        assert_eq!(config.remotes(), ["a.b"]);
        assert!(config.is_on("core.bare") && !config.is_on("core.absent"));
        for off in ["false", "No", "off", "0", ""] {
            assert!(!Config::parse(&format!("core.bare\n{off}\0")).is_on("core.bare"), "{off}");
        }
    }
}

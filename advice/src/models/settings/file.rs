//! `failures.toml`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Deserializer};

use super::Provider;

const NAME: &str = "failures.toml";

/// The table `[suggest]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) provider: Option<Provider>,
    pub(super) model: Option<String>,
    pub(super) base_url: Option<String>,
    #[serde(deserialize_with = "duration")]
    pub(super) timeout: Option<Duration>,
    pub(super) budget: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Whole {
    suggest: File,
}

impl File {
    /// The nearest one, here or above; as an empty one where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or something in it is not known: the file, the line and the key are named.
    pub(super) fn nearest() -> Result<Self> {
        let here = std::env::current_dir().context("cannot tell the current directory")?;
        for path in here.ancestors().map(|above| above.join(NAME)) {
            match std::fs::read_to_string(&path) {
                Ok(text) => return parse(&text, path.strip_prefix(&here).unwrap_or(&path)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| unreadable(path)),
            }
        }
        Ok(File::default())
    }

    /// The provider that it speaks of, where it speaks of one.
    pub(super) fn provider(&self) -> Option<Provider> {
        self.provider.or(self.base_url.as_ref().map(|_| Provider::OpenAi))
    }

    /// Without what holds for its own provider only: its server and its model.
    pub(super) fn for_any_provider(self) -> Self {
        File { provider: None, model: None, base_url: None, ..self }
    }
}

fn unreadable(path: PathBuf) -> String {
    format!("cannot read {}", path.display())
}

fn parse(text: &str, path: &Path) -> Result<File> {
    match toml::from_str::<Whole>(text) {
        Ok(whole) => Ok(whole.suggest),
        // Its own words would show the line itself, where somebody may have put a key.
        Err(error) => {
            let line =
                error.span().map_or(1, |span| text.as_bytes()[..span.start].split(|&byte| byte == b'\n').count());
            bail!("{}, line {line}: {}", path.display(), error.message())
        }
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration = humantime::parse_duration(&text);
    duration
        .map(Some)
        .map_err(|error| serde::de::Error::custom(format_args!("timeout {text:?}: {error}, as in \"90s\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_named() {
        let said =
            |text| parse(text, Path::new("x.toml")).map_or_else(|error| error.to_string(), |_| "fits".to_owned());
        assert_eq!(said(""), "fits");
        assert_eq!(said("[suggest]\nmodel = 'm'\ntimeout = '1m 30s'\nbudget = 5\nprovider = 'openai'"), "fits");
        assert!(said("[suggest]\n\nmodle = 'm'").starts_with("x.toml, line 3: unknown field `modle`"));
        assert!(said("[sugest]").starts_with("x.toml, line 1: unknown field `sugest`"));
        assert!(said("[suggest]\nprovider = 'x'").starts_with("x.toml, line 2: unknown variant `x`"));
        assert!(said("[suggest]\ntimeout = 'soon'").starts_with("x.toml, line 2: timeout \"soon\""));
        assert!(said("[suggest]\nmodel = ").starts_with("x.toml, line 2: "));
        assert!(!said("[suggest]\napi_key = 'sesame'").contains("sesame"));
    }
}

//! `failures.toml`.

use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Deserializer};

use crate::models::options::Provider;

const NAME: &str = "failures.toml";
/// A larger file is not a configuration.
const LARGEST: u64 = 1 << 20;

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

/// The nearest configuration, and the files that are nearer but not to be trusted.
#[derive(Debug, Default)]
pub(super) struct Nearest {
    pub(super) file: File,
    /// They belong to another user, or all users can write to them.
    pub(super) ignored: Vec<PathBuf>,
}

impl Nearest {
    /// The nearest one, here or above; an empty one where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or something in it is not known: the file, the line and the key are named.
    pub(super) fn find() -> Result<Self> {
        let here = std::env::current_dir().context("cannot tell the current directory")?;
        let mut nearest = Nearest::default();
        for path in here.ancestors().map(|above| above.join(NAME)) {
            let name = path.strip_prefix(&here).unwrap_or(&path);
            match text_of(&path) {
                Ok(Some(text)) => {
                    nearest.file = parse(&text, name)?;
                    break;
                }
                Ok(None) => nearest.ignored.push(path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
            }
        }
        Ok(nearest)
    }
}

/// The text of a configuration; `None` if another user could have written it.
fn text_of(path: &Path) -> io::Result<Option<String>> {
    // Both the name and, where it is a link, the file itself.
    if !is_trusted(&fs::symlink_metadata(path)?) || !is_trusted(&fs::metadata(path)?) {
        return Ok(None);
    }
    // To open a pipe can take for ever.
    check(&fs::metadata(path)?)?;
    let file = fs::File::open(path)?;
    let opened = file.metadata()?;
    if !is_trusted(&opened) {
        return Ok(None);
    }
    check(&opened)?;
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text)?;
    Ok(Some(text))
}

fn check(metadata: &Metadata) -> io::Result<()> {
    match metadata {
        other if !other.is_file() => Err(io::Error::other("it is not an ordinary file")),
        large if large.len() > LARGEST => Err(io::Error::other("it is larger than 1 MB")),
        _ => Ok(()),
    }
}

/// Whether only this user or the superuser can have written it.
#[cfg(unix)]
fn is_trusted(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    const WRITABLE_BY_ALL: u32 = 0o002;
    let is_ours = metadata.uid() == 0 || metadata.uid() == rustix::process::geteuid().as_raw();
    // The mode of a link says nothing.
    is_ours && (metadata.is_symlink() || metadata.mode() & WRITABLE_BY_ALL == 0)
}

#[cfg(not(unix))]
fn is_trusted(_: &Metadata) -> bool {
    true
}

impl File {
    /// The provider that it speaks of, where it speaks of one.
    pub(super) fn provider(&self) -> Option<Provider> {
        self.provider.or(self.base_url.as_ref().map(|_| Provider::OpenAi))
    }

    /// Without what holds for its own provider only: its server and its model.
    pub(super) fn for_any_provider(self) -> Self {
        File { provider: None, model: None, base_url: None, ..self }
    }
}

fn parse(text: &str, path: &Path) -> Result<File> {
    match toml::from_str::<Whole>(text.trim_start_matches('\u{feff}')) {
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
        assert_eq!(said("\u{feff}[suggest]\nmodel = 'm'"), "fits");
        assert_eq!(said("[suggest]\nmodel = 'm'\ntimeout = '1m 30s'\nbudget = 5\nprovider = 'openai'"), "fits");
        assert!(said("[suggest]\n\nmodle = 'm'").starts_with("x.toml, line 3: unknown field `modle`"));
        assert!(said("[sugest]").starts_with("x.toml, line 1: unknown field `sugest`"));
        assert!(said("[suggest]\nprovider = 'x'").starts_with("x.toml, line 2: unknown variant `x`"));
        assert!(said("[suggest]\ntimeout = 'soon'").starts_with("x.toml, line 2: timeout \"soon\""));
        assert!(said("[suggest]\nmodel = ").starts_with("x.toml, line 2: "));
        assert!(!said("[suggest]\napi_key = 'sesame'").contains("sesame"));
    }
}

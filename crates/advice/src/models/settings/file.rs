//! The configuration file `failures.toml`.

use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Deserializer};

use crate::models::options::Provider;

const FILE_NAME: &str = "failures.toml";
/// Maximum size of the file.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The table `[suggest]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SuggestTable {
    pub(super) provider: Option<Provider>,
    pub(super) model: Option<String>,
    pub(super) base_url: Option<String>,
    #[serde(deserialize_with = "deserialize_duration")]
    pub(super) timeout: Option<Duration>,
    pub(super) budget: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ConfigFile {
    suggest: SuggestTable,
}

/// The nearest trusted configuration, and nearer files that are not trusted.
#[derive(Debug, Default)]
pub(super) struct NearestConfig {
    pub(super) file: SuggestTable,
    /// Files that belong to another user or that all users can write to.
    pub(super) ignored_files: Vec<PathBuf>,
}

impl NearestConfig {
    /// Searches the current directory and its parents. The result is empty if there is no file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is invalid. The error names the file, line and key.
    pub(super) fn find() -> Result<Self> {
        let current_dir = std::env::current_dir().context("cannot determine the current directory")?;
        let mut nearest = NearestConfig::default();
        for path in current_dir.ancestors().map(|dir| dir.join(FILE_NAME)) {
            let name = path.strip_prefix(&current_dir).unwrap_or(&path);
            match read_trusted(&path) {
                Ok(Some(text)) => {
                    nearest.file = parse(&text, name)?;
                    break;
                }
                Ok(None) => nearest.ignored_files.push(path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
            }
        }
        Ok(nearest)
    }
}

/// Reads a file. Returns `None` if another user could have written it.
fn read_trusted(path: &Path) -> io::Result<Option<String>> {
    // Checks the link and its target.
    if !is_trusted(&fs::symlink_metadata(path)?) || !is_trusted(&fs::metadata(path)?) {
        return Ok(None);
    }
    // Opening a pipe may block forever.
    check_file(&fs::metadata(path)?)?;
    let file = fs::File::open(path)?;
    let opened = file.metadata()?;
    if !is_trusted(&opened) {
        return Ok(None);
    }
    check_file(&opened)?;
    let mut text = String::new();
    file.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    Ok(Some(text))
}

fn check_file(metadata: &Metadata) -> io::Result<()> {
    match metadata {
        other if !other.is_file() => Err(io::Error::other("not a regular file")),
        large if large.len() > MAX_FILE_BYTES => Err(io::Error::other("larger than 1 MB")),
        _ => Ok(()),
    }
}

/// Returns true if only this user or the superuser could have written the file.
#[cfg(unix)]
fn is_trusted(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    const WRITABLE_BY_ALL: u32 = 0o002;
    let is_trusted_owner = metadata.uid() == 0 || metadata.uid() == rustix::process::geteuid().as_raw();
    // The mode of a link has no meaning.
    is_trusted_owner && (metadata.is_symlink() || metadata.mode() & WRITABLE_BY_ALL == 0)
}

#[cfg(not(unix))]
fn is_trusted(_: &Metadata) -> bool {
    true
}

impl SuggestTable {
    /// The provider that the table names or implies.
    pub(super) fn provider(&self) -> Option<Provider> {
        self.provider.or(self.base_url.as_ref().map(|_| Provider::OpenAi))
    }

    /// Removes the values that apply to one provider only: server and model.
    pub(super) fn for_any_provider(self) -> Self {
        SuggestTable { provider: None, model: None, base_url: None, ..self }
    }
}

fn parse(text: &str, path: &Path) -> Result<SuggestTable> {
    match toml::from_str::<ConfigFile>(text.trim_start_matches('\u{feff}')) {
        Ok(whole) => Ok(whole.suggest),
        // The error's own text would show the line, which may contain a key.
        Err(error) => {
            let line =
                error.span().map_or(1, |span| text.as_bytes()[..span.start].split(|&byte| byte == b'\n').count());
            bail!("{}, line {line}: {}", path.display(), error.message())
        }
    }
}

fn deserialize_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
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
    fn unknown_settings_are_named() {
        let message =
            |text| parse(text, Path::new("x.toml")).map_or_else(|error| error.to_string(), |_| "fits".to_owned());
        assert_eq!(message(""), "fits");
        assert_eq!(message("\u{feff}[suggest]\nmodel = 'm'"), "fits");
        assert_eq!(message("[suggest]\nmodel = 'm'\ntimeout = '1m 30s'\nbudget = 5\nprovider = 'openai'"), "fits");
        assert!(message("[suggest]\n\nmodle = 'm'").starts_with("x.toml, line 3: unknown field `modle`"));
        assert!(message("[sugest]").starts_with("x.toml, line 1: unknown field `sugest`"));
        assert!(message("[suggest]\nprovider = 'x'").starts_with("x.toml, line 2: unknown variant `x`"));
        assert!(message("[suggest]\ntimeout = 'soon'").starts_with("x.toml, line 2: timeout \"soon\""));
        assert!(message("[suggest]\nmodel = ").starts_with("x.toml, line 2: "));
        assert!(!message("[suggest]\napi_key = 'sesame'").contains("sesame"));
    }
}

//! The settings of a model, from options and `failures.toml`.

mod file;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::base_url::BaseUrl;
use super::gemini;
use super::key::Key;
use super::options::{ModelOptions, Provider, non_blank};
use file::NearestConfig;
use text::{path_text, truncate_to_width};

/// Maximum width of a model's name in an error message.
const MAX_NAME_COLUMNS: usize = 200;
/// Default time to wait for an answer, including retries.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

/// The complete settings of a model at a server.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) provider: Provider,
    pub(super) model: String,
    pub(super) base_url: BaseUrl,
    pub(super) key: Option<Key>,
    pub(super) timeout: Duration,
    /// The `budget` of the file.
    pub(super) budget: Option<u64>,
    /// True if an option or variable names the server, or it is the provider's. A file alone may come from another
    /// user.
    pub(super) is_user_chosen: bool,
    /// Files that were ignored, because another user could have written them.
    pub(super) ignored_files: Vec<PathBuf>,
}

/// Completes the options with the nearest `failures.toml`.
///
/// # Errors
///
/// If the model, provider or server is unknown, if the file is invalid, or if a key would be sent to an untrusted
/// server or over an unencrypted connection.
pub(super) fn resolve(options: &ModelOptions) -> Result<Settings> {
    let requested_url = non_blank(options.base_url.as_deref());
    let NearestConfig { file, ignored_files } = NearestConfig::find()?;
    let file = if are_different(options.provider, file.provider()) { file.for_any_provider() } else { file };
    let url = requested_url.or(file.base_url.as_deref()).map(str::parse::<BaseUrl>).transpose()?;
    let provider = options.provider.or(file.provider);
    let provider = provider.map_or_else(|| default_provider(url.is_some()), Ok);
    let provider = provider.map_err(|error| with_ignored_files(error, &ignored_files))?;
    let model = non_blank(options.model.as_deref()).or(file.model.as_deref());
    let model =
        model.with_context(|| no_model_message(provider)).map_err(|error| with_ignored_files(error, &ignored_files))?;
    if provider == Provider::Gemini && gemini::model_id(model).is_none() {
        bail!(
            "{:?} is not a name of a Gemini model: {}",
            truncate_to_width(model, MAX_NAME_COLUMNS),
            provider.model_list_hint()
        );
    }
    let default_url: BaseUrl = provider.default_url().parse()?;
    let base_url = url.unwrap_or_else(|| default_url.clone());
    let is_user_chosen = requested_url.is_some() || base_url.is_at(&default_url);
    check_server(provider, &base_url, is_user_chosen)?;
    let key = if is_user_chosen { key_from_env(provider)? } else { None };
    if key.is_some() {
        check_key_transport(provider, &base_url)?;
    }
    let timeout = options.timeout.or(file.timeout).unwrap_or(DEFAULT_TIMEOUT);
    let (model, budget) = (model.to_owned(), file.budget);
    Ok(Settings { provider, model, base_url, key, timeout, budget, is_user_chosen, ignored_files })
}

/// A warning about ignored files, if there are any.
pub(super) fn ignored_files_warning(files: &[PathBuf]) -> Option<String> {
    let names: Vec<String> = files.iter().map(|path| path_text(path)).collect();
    let reason = "ignored: it does not belong to you, or all users can write to it";
    (!names.is_empty()).then(|| format!("{} is {reason}", names.join(", ")))
}

fn with_ignored_files(error: anyhow::Error, files: &[PathBuf]) -> anyhow::Error {
    match ignored_files_warning(files) {
        Some(reason) => anyhow!("{error}; {reason}"),
        None => error,
    }
}

/// Returns true if options and file name different providers.
fn are_different(provider: Option<Provider>, other: Option<Provider>) -> bool {
    provider.zip(other).is_some_and(|(provider, other)| provider != other)
}

/// The provider if none is named.
fn default_provider(has_url: bool) -> Result<Provider> {
    if has_url {
        return Ok(Provider::OpenAi);
    }
    let has_key = std::env::var_os(gemini::KEY_VARIABLE).is_some_and(|key| !key.is_empty());
    ensure!(
        has_key,
        "no model is configured: for Gemini, set {} and --model; for an OpenAI-compatible server, set --base-url \
         (such as http://localhost:8080) or --provider openai",
        gemini::KEY_VARIABLE
    );
    Ok(Provider::Gemini)
}

fn no_model_message(provider: Provider) -> String {
    format!(
        "no model is named: set --model, FAILURES_MODEL, or model in the table [suggest] of failures.toml; {}",
        provider.model_list_hint()
    )
}

/// The key in the environment, if there is one.
fn key_from_env(provider: Provider) -> Result<Option<Key>> {
    let name = provider.key_variable();
    match std::env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Err(std::env::VarError::NotPresent) => Ok(None),
        text => {
            let key = text.ok().as_deref().and_then(Key::new);
            Ok(Some(key.with_context(|| {
                format!("{name} does not contain a valid key: it has characters that keys do not have")
            })?))
        }
    }
}

/// Refuses a remote server that only a file names, because the file may come from a clone and the prompt contains
/// source code. A server on this machine is accepted, but receives no key.
fn check_server(provider: Provider, url: &BaseUrl, is_user_chosen: bool) -> Result<()> {
    let needs_key = provider == Provider::Gemini;
    ensure!(
        is_user_chosen || (url.is_local() && !needs_key),
        "only a failures.toml names {url}, so nothing is sent: confirm it with --base-url or FAILURES_BASE_URL"
    );
    Ok(())
}

/// Refuses to send a key over an unencrypted connection.
fn check_key_transport(provider: Provider, url: &BaseUrl) -> Result<()> {
    let variable = provider.key_variable();
    ensure!(
        url.is_local() || !url.is_plain(),
        "the key in {variable} is not sent to {url}: http is not encrypted, use https"
    );
    Ok(())
}

//! Which model is asked: the options, before `failures.toml`.

mod file;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::base_url::BaseUrl;
use super::gemini;
use super::key::Key;
use super::options::{ModelOptions, Provider, non_blank};
use file::NearestConfig;
use text::{fit, shown};

/// Columns of a model's name in an error.
const MAX_NAME_COLUMNS: usize = 200;
/// For one question with all its retries.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

/// All that is known before a model is asked.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) provider: Provider,
    pub(super) model: String,
    pub(super) base_url: BaseUrl,
    pub(super) key: Option<Key>,
    pub(super) timeout: Duration,
    /// What the file sets as `budget`.
    pub(super) budget: Option<u64>,
    /// Whether the user named the server, by an option or a variable, or it is the provider's own. A file alone may come from
    /// another user.
    pub(super) is_user_chosen: bool,
    /// Files that were not read, because another user can have written them.
    pub(super) ignored_files: Vec<PathBuf>,
}

/// The settings of these options and of the nearest `failures.toml`.
///
/// # Errors
///
/// When it is not said which model, by whom, or where; when the file cannot be read; when a key would go where it must not.
pub(super) fn settings(options: &ModelOptions) -> Result<Settings> {
    let given_url = non_blank(options.base_url.as_deref());
    let NearestConfig { file, ignored_files } = NearestConfig::find()?;
    let file = if are_different(options.provider, file.provider()) { file.for_any_provider() } else { file };
    let url = given_url.or(file.base_url.as_deref()).map(str::parse::<BaseUrl>).transpose()?;
    let provider = options.provider.or(file.provider);
    let provider = provider.map_or_else(|| default_provider(url.is_some()), Ok);
    let provider = provider.map_err(|error| with_ignored_files(error, &ignored_files))?;
    let model = non_blank(options.model.as_deref()).or(file.model.as_deref());
    let model =
        model.with_context(|| no_model_message(provider)).map_err(|error| with_ignored_files(error, &ignored_files))?;
    if provider == Provider::Gemini && gemini::model_id(model).is_none() {
        bail!("{:?} is no name of a Gemini model: {}", fit(model, MAX_NAME_COLUMNS), provider.model_list_hint());
    }
    let default_url: BaseUrl = provider.default_url().parse()?;
    let base_url = url.unwrap_or_else(|| default_url.clone());
    let is_user_chosen = given_url.is_some() || base_url.is_at(&default_url);
    check_server(provider, &base_url, is_user_chosen)?;
    let key = if is_user_chosen { key_from_env(provider)? } else { None };
    if key.is_some() {
        check_key_transport(provider, &base_url)?;
    }
    let timeout = options.timeout.or(file.timeout).unwrap_or(DEFAULT_TIMEOUT);
    let (model, budget) = (model.to_owned(), file.budget);
    Ok(Settings { provider, model, base_url, key, timeout, budget, is_user_chosen, ignored_files })
}

/// Why files that are there have no effect, if there are any.
pub(super) fn ignored_files_warning(files: &[PathBuf]) -> Option<String> {
    let names: Vec<String> = files.iter().map(|path| shown(path)).collect();
    let reason = "not read: it does not belong to you, or all users can write to it";
    (!names.is_empty()).then(|| format!("{} is {reason}", names.join(", ")))
}

fn with_ignored_files(error: anyhow::Error, files: &[PathBuf]) -> anyhow::Error {
    match ignored_files_warning(files) {
        Some(reason) => anyhow!("{error}; {reason}"),
        None => error,
    }
}

/// Whether the options name another provider than the file.
fn are_different(provider: Option<Provider>, other: Option<Provider>) -> bool {
    provider.zip(other).is_some_and(|(own, other)| own != other)
}

/// The provider, where none is named.
fn default_provider(has_url: bool) -> Result<Provider> {
    if has_url {
        return Ok(Provider::OpenAi);
    }
    let has_key = std::env::var_os(gemini::KEY_VARIABLE).is_some_and(|key| !key.is_empty());
    ensure!(
        has_key,
        "no model to ask: set {} and name a model of Gemini with --model, or say where an OpenAI-compatible server is with \
         --base-url (http://localhost:8080 and the like) or --provider openai",
        gemini::KEY_VARIABLE
    );
    Ok(Provider::Gemini)
}

fn no_model_message(provider: Provider) -> String {
    format!(
        "no model is named: give its name with --model, in FAILURES_MODEL, or as model in the table [suggest] of \
         failures.toml; {}",
        provider.model_list_hint()
    )
}

/// The key in the environment, where there is one.
fn key_from_env(provider: Provider) -> Result<Option<Key>> {
    let name = provider.key_variable();
    match std::env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Err(std::env::VarError::NotPresent) => Ok(None),
        text => {
            let key = text.ok().as_deref().and_then(Key::new);
            Ok(Some(
                key.with_context(|| format!("what is in {name} is no key: it has other characters than keys have"))?,
            ))
        }
    }
}

/// Refuses to send anything to where only a file says: files come with what one has cloned, and records hold source. A server on
/// this machine is asked, but without a key.
fn check_server(provider: Provider, url: &BaseUrl, is_user_chosen: bool) -> Result<()> {
    let needs_key = provider == Provider::Gemini;
    ensure!(
        is_user_chosen || (url.is_local() && !needs_key),
        "nothing is sent to {url} on the word of a failures.toml: if it belongs there, say so with --base-url or \
         FAILURES_BASE_URL"
    );
    Ok(())
}

/// Refuses to send a key where others can read it.
fn check_key_transport(provider: Provider, url: &BaseUrl) -> Result<()> {
    let variable = provider.key_variable();
    ensure!(
        url.is_local() || !url.is_plain(),
        "the key in {variable} is not sent to {url} over http, where others can read it: use https"
    );
    Ok(())
}

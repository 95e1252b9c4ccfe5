//! Which model is asked: the options, before `failures.toml`.

mod file;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::base_url::BaseUrl;
use super::key::Key;
use super::options::stated;
use super::{ModelOptions, Provider, gemini};
use file::File;

/// For one question with all its retries.
const TIMEOUT: Duration = Duration::from_secs(120);

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
}

/// The settings of these options and of the nearest `failures.toml`.
///
/// # Errors
///
/// When it is not said which model, by whom, or where; when the file cannot be read; when a key would go where it must not.
pub(super) fn settings(options: &ModelOptions) -> Result<Settings> {
    let given_url = stated(options.base_url.as_deref());
    let file = File::nearest()?;
    let file = if is_of_other(options.provider, file.provider()) { file.for_any_provider() } else { file };
    let url = given_url.or(file.base_url.as_deref()).map(str::parse::<BaseUrl>).transpose()?;
    let provider = options.provider.or(file.provider).map_or_else(|| likely_provider(url.is_some()), Ok)?;
    let model = stated(options.model.as_deref()).or(file.model.as_deref()).with_context(|| no_model(provider))?;
    if provider == Provider::Gemini && gemini::model_in_url(model).is_none() {
        bail!("{model:?} is no name of a Gemini model: {}", provider.list());
    }
    let own_url: BaseUrl = provider.own_url().parse()?;
    let key = key_of(provider)?;
    let base_url = url.unwrap_or_else(|| own_url.clone());
    let is_known = given_url.is_some() || base_url.is_at(&own_url);
    check_where_it_goes(&base_url, is_known)?;
    if key.is_some() {
        check_where_the_key_goes(provider, &base_url)?;
    }
    let timeout = options.timeout.or(file.timeout).unwrap_or(TIMEOUT);
    Ok(Settings { provider, model: model.to_owned(), base_url, key, timeout, budget: file.budget })
}

/// Whether the options name another provider than the file.
fn is_of_other(provider: Option<Provider>, other: Option<Provider>) -> bool {
    provider.zip(other).is_some_and(|(own, other)| own != other)
}

/// The provider, where none is named.
fn likely_provider(has_url: bool) -> Result<Provider> {
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

fn no_model(provider: Provider) -> String {
    format!(
        "no model is named: give its name with --model, in FAILURES_MODEL, or as model in the table [suggest] of \
         failures.toml; {}",
        provider.list()
    )
}

/// The key in the environment, where there is one.
fn key_of(provider: Provider) -> Result<Option<Key>> {
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

/// Refuses to send anything to where only a file says: files come with what one has cloned, and records hold source.
fn check_where_it_goes(url: &BaseUrl, is_known: bool) -> Result<()> {
    ensure!(
        url.is_local() || is_known,
        "nothing is sent to {url} on the word of a failures.toml: if it belongs there, say so with --base-url or \
         FAILURES_BASE_URL"
    );
    Ok(())
}

/// Refuses to send a key where others can read it.
fn check_where_the_key_goes(provider: Provider, url: &BaseUrl) -> Result<()> {
    let variable = provider.key_variable();
    ensure!(
        url.is_local() || !url.is_plain(),
        "the key in {variable} is not sent to {url} over http, where others can read it: use https"
    );
    Ok(())
}

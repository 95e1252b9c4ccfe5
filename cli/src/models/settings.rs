//! Which model is asked: the command line, before the environment, before `failures.toml`.

mod file;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::base_url::BaseUrl;
use super::key::Key;
use super::{gemini, openai};
use file::File;

/// For one question with all its retries.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Options of the commands that ask a model.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ModelOptions {
    /// How the model is talked to; else `openai` where there is a base URL, or `gemini` where there is a key for it.
    #[arg(long, value_enum, env = "FAILURES_PROVIDER", hide_env_values = true, value_name = "PROVIDER")]
    provider: Option<Provider>,
    /// The model's name, as its provider lists it.
    #[arg(long, env = "FAILURES_MODEL", hide_env_values = true, value_name = "NAME")]
    model: Option<String>,
    /// The server, else the provider's own. Without a path, /v1 is added for openai and /v1beta for gemini.
    #[arg(long, env = "FAILURES_BASE_URL", hide_env_values = true, value_name = "URL")]
    base_url: Option<String>,
    /// How long one question may take, retries among it [default: 120s].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,
}

/// How a model is talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    /// Google's generateContent; the key is in GEMINI_API_KEY.
    Gemini,
    /// Chat completions, which local servers speak as well; the key is in OPENAI_API_KEY, where one is needed.
    #[value(name = "openai")]
    OpenAi,
}

/// All that is known before a model is asked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(super) provider: Provider,
    pub(super) model: String,
    pub(super) base_url: BaseUrl,
    pub(super) key: Option<Key>,
    pub(super) timeout: Duration,
    /// What the file sets as `budget`.
    pub(crate) budget: Option<u64>,
}

impl Provider {
    pub(super) fn name(self) -> &'static str {
        match self {
            Provider::Gemini => "gemini",
            Provider::OpenAi => "openai",
        }
    }

    /// The environment variable that its key is in.
    pub(super) fn key_variable(self) -> &'static str {
        match self {
            Provider::Gemini => gemini::KEY_VARIABLE,
            Provider::OpenAi => openai::KEY_VARIABLE,
        }
    }

    fn own_url(self) -> &'static str {
        match self {
            Provider::Gemini => gemini::BASE_URL,
            Provider::OpenAi => openai::BASE_URL,
        }
    }

    /// Where its models are listed.
    fn list(self) -> &'static str {
        match self {
            Provider::Gemini => "https://ai.google.dev/gemini-api/docs/models lists them",
            Provider::OpenAi => {
                "the server lists them at /v1/models, OpenAI's are at https://platform.openai.com/docs/models"
            }
        }
    }
}

impl ModelOptions {
    /// The settings of these options, of the environment that clap reads for them, and of the nearest `failures.toml`.
    ///
    /// # Errors
    ///
    /// When it is not said which model, by whom, or where; when the file cannot be read; when a key would go where it must
    /// not.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let given_url = stated(self.base_url.as_deref());
        let file = File::nearest()?;
        let file = if self.is_of_other(file.provider()) { file.for_any_provider() } else { file };
        let url = given_url.or(file.base_url.as_deref()).map(str::parse::<BaseUrl>).transpose()?;
        let provider = self.provider.or(file.provider).map_or_else(|| likely_provider(url.is_some()), Ok)?;
        let model = stated(self.model.as_deref()).or(file.model.as_deref()).with_context(|| no_model(provider))?;
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
        let timeout = self.timeout.or(file.timeout).unwrap_or(TIMEOUT);
        Ok(Settings { provider, model: model.to_owned(), base_url, key, timeout, budget: file.budget })
    }

    /// Whether they name another provider than this one.
    fn is_of_other(&self, provider: Option<Provider>) -> bool {
        self.provider.zip(provider).is_some_and(|(own, other)| own != other)
    }
}

/// The text, unless it is blank: a variable that is set to nothing is not set.
fn stated(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
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

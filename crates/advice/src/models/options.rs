//! Options of a model.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::Deserialize;

use super::{gemini, openai};
use crate::error::{AdviceError, ErrorKind};

/// The environment variable with the name of the provider.
const PROVIDER_VARIABLE: &str = "FAILURES_PROVIDER";

/// Options of a model at a server. [`Model::new`](crate::Model::new) takes missing options from the nearest
/// `failures.toml`.
///
/// ```
/// use std::time::Duration;
/// use tracing_failure_advice::{ModelOptions, Provider};
///
/// let options = ModelOptions::new().provider(Provider::Gemini).model("a-model").timeout(Duration::from_secs(30));
/// assert_eq!(options.model.as_deref(), Some("a-model"));
/// assert_eq!(options.base_url, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelOptions {
    /// The API of the server. The default is [`Provider::OpenAi`] if there is a base URL, or [`Provider::Gemini`] if
    /// its key is set.
    pub provider: Option<Provider>,
    /// The name of the model at its provider.
    pub model: Option<String>,
    /// The URL of the server. The default is the provider's.
    pub base_url: Option<String>,
    /// The maximum time to wait for an answer, including retries. The default is 120 seconds.
    pub timeout: Option<Duration>,
}

/// The API of a server.
///
/// ```
/// use tracing_failure_advice::Provider;
///
/// let provider: Provider = "openai".parse()?;
/// assert_eq!(provider, Provider::OpenAi);
/// assert_eq!(provider.to_string(), "openai");
/// # Ok::<(), tracing_failure_advice::AdviceError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Provider {
    /// The generateContent API of Google. The key is read from `GEMINI_API_KEY`.
    Gemini,
    /// The chat completions API of OpenAI and of most local servers. The key, if one is needed, is read from
    /// `OPENAI_API_KEY`.
    OpenAi,
}

impl ModelOptions {
    /// Creates options without values.
    ///
    /// ```
    /// # use tracing_failure_advice::ModelOptions;
    /// assert_eq!(ModelOptions::new().model, None);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the API of the server.
    ///
    /// ```
    /// # use tracing_failure_advice::{ModelOptions, Provider};
    /// let options = ModelOptions::new().provider(Provider::OpenAi);
    /// # assert_eq!(options.provider, Some(Provider::OpenAi));
    /// ```
    #[must_use]
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Sets the name of the model at its provider.
    ///
    /// ```
    /// # use tracing_failure_advice::ModelOptions;
    /// let options = ModelOptions::new().model("a-model");
    /// # assert_eq!(options.model.as_deref(), Some("a-model"));
    /// ```
    #[must_use]
    pub fn model(mut self, name: impl Into<String>) -> Self {
        self.model = Some(name.into());
        self
    }

    /// Sets the URL of the server, such as `http://localhost:8080`. If it has no path, `/v1` (OpenAI) or `/v1beta`
    /// (Gemini) is added.
    ///
    /// ```
    /// # use tracing_failure_advice::ModelOptions;
    /// let options = ModelOptions::new().base_url("http://localhost:11434");
    /// # assert!(options.base_url.is_some());
    /// ```
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the maximum time to wait for an answer, including retries.
    ///
    /// ```
    /// # use tracing_failure_advice::ModelOptions;
    /// let options = ModelOptions::new().timeout(std::time::Duration::from_secs(300));
    /// # assert!(options.timeout.is_some());
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Takes missing options from `FAILURES_PROVIDER`, `FAILURES_MODEL` and `FAILURES_BASE_URL`. A blank variable
    /// counts as unset.
    ///
    /// # Errors
    ///
    /// If `FAILURES_PROVIDER` is used and is not the name of a provider.
    ///
    /// ```
    /// # use tracing_failure_advice::ModelOptions;
    /// let options = ModelOptions::new().model("a-model").or_env()?;
    /// assert_eq!(options.model.as_deref(), Some("a-model"));
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    pub fn or_env(self) -> Result<Self, AdviceError> {
        self.or_variables(|name| std::env::var(name).ok()).map_err(ErrorKind::Settings.of())
    }

    fn or_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let variable = |name: &str| non_blank(variable(name).as_deref()).map(str::to_owned);
        if self.provider.is_none()
            && let Some(name) = variable(PROVIDER_VARIABLE)
        {
            let provider = Provider::from_name(&name);
            self.provider =
                Some(provider.with_context(|| format!("{PROVIDER_VARIABLE} is {name:?}: expected gemini or openai"))?);
        }
        self.model = self.model.or_else(|| variable("FAILURES_MODEL"));
        self.base_url = self.base_url.or_else(|| variable("FAILURES_BASE_URL"));
        Ok(self)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = AdviceError;

    fn from_str(name: &str) -> Result<Self, AdviceError> {
        Provider::from_name(name)
            .ok_or_else(|| anyhow!("unknown provider {name:?}: expected gemini or openai"))
            .map_err(ErrorKind::Settings.of())
    }
}

impl Provider {
    /// Returns the provider with this name: `gemini` or `openai`.
    ///
    /// ```
    /// # use tracing_failure_advice::Provider;
    /// assert_eq!(Provider::from_name("gemini"), Some(Provider::Gemini));
    /// assert_eq!(Provider::from_name("nobody"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        [Provider::Gemini, Provider::OpenAi].into_iter().find(|provider| provider.name() == name)
    }

    /// Returns the name of the provider, as records contain it.
    ///
    /// ```
    /// # use tracing_failure_advice::Provider;
    /// assert_eq!(Provider::OpenAi.name(), "openai");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Provider::Gemini => "gemini",
            Provider::OpenAi => "openai",
        }
    }

    /// The environment variable with the key.
    pub(super) fn key_variable(self) -> &'static str {
        match self {
            Provider::Gemini => gemini::KEY_VARIABLE,
            Provider::OpenAi => openai::KEY_VARIABLE,
        }
    }

    pub(super) fn default_url(self) -> &'static str {
        match self {
            Provider::Gemini => gemini::BASE_URL,
            Provider::OpenAi => openai::BASE_URL,
        }
    }

    /// A hint where the models are listed.
    pub(super) fn model_list_hint(self) -> &'static str {
        match self {
            Provider::Gemini => "see https://ai.google.dev/gemini-api/docs/models",
            Provider::OpenAi => "see /v1/models of the server, or https://platform.openai.com/docs/models for OpenAI",
        }
    }
}

/// Returns the trimmed text, or `None` if it is blank.
pub(super) fn non_blank(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_sets_missing_options() {
        let variable = |name: &str| match name {
            "FAILURES_PROVIDER" => Some("openai".to_owned()),
            "FAILURES_MODEL" => Some("from-env".to_owned()),
            _ => Some(" ".to_owned()),
        };
        let options = ModelOptions::new().model("own").or_variables(variable).unwrap();
        assert_eq!(options, ModelOptions::new().model("own").provider(Provider::OpenAi));
        let wrong = |_: &str| Some("nobody".to_owned());
        assert!(ModelOptions::new().provider(Provider::Gemini).or_variables(wrong).is_ok());
        let error = ModelOptions::new().or_variables(wrong).unwrap_err();
        assert_eq!(error.to_string(), "FAILURES_PROVIDER is \"nobody\": expected gemini or openai");
    }
}

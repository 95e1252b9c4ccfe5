//! Which model a program wants.

use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;

use super::{gemini, openai};
use crate::error::{AdviceError, ErrorKind};

/// Which model is asked, and how. What is not set is taken from the nearest `failures.toml`, here or above, as
/// [`Model::new`](crate::Model::new) reads it.
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
    /// How the model is talked to; else [`Provider::OpenAi`] where there is a base URL, or [`Provider::Gemini`] where there is
    /// a key for it.
    pub provider: Option<Provider>,
    /// The model's name, as its provider lists it.
    pub model: Option<String>,
    /// The server, else the provider's own.
    pub base_url: Option<String>,
    /// How long one question may take, retries among it; else 120 seconds.
    pub timeout: Option<Duration>,
}

/// How a model at a server is talked to.
///
/// ```
/// use tracing_failure_advice::Provider;
///
/// assert_eq!(Provider::from_name("openai"), Some(Provider::OpenAi));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Provider {
    /// Google's generateContent; the key is in `GEMINI_API_KEY`.
    Gemini,
    /// Chat completions, which local servers speak as well; the key is in `OPENAI_API_KEY`, where one is needed.
    OpenAi,
}

impl ModelOptions {
    /// Nothing is set.
    ///
    /// ```
    /// # use tracing_failure_advice::ModelOptions;
    /// assert_eq!(ModelOptions::new().model, None);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// How the model is talked to.
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

    /// The model's name, as its provider lists it.
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

    /// The server, `http://localhost:8080` and the like. Without a path, `/v1` is added for OpenAI's protocol and `/v1beta` for
    /// Gemini's.
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

    /// How long one question may take, retries among it.
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

    /// The same with what is not set from `FAILURES_PROVIDER`, `FAILURES_MODEL` and `FAILURES_BASE_URL`. A variable that is
    /// blank is not set.
    ///
    /// # Errors
    ///
    /// When the provider is needed from there and is none.
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
        if let (None, Some(name)) = (self.provider, variable(PROVIDER)) {
            let provider = Provider::from_name(&name);
            self.provider = Some(provider.with_context(|| format!("{PROVIDER} is {name:?}: it is gemini or openai"))?);
        }
        self.model = self.model.or_else(|| variable("FAILURES_MODEL"));
        self.base_url = self.base_url.or_else(|| variable("FAILURES_BASE_URL"));
        Ok(self)
    }
}

const PROVIDER: &str = "FAILURES_PROVIDER";

impl Provider {
    /// The provider of this name: `gemini`, `openai`.
    ///
    /// ```
    /// # use tracing_failure_advice::Provider;
    /// assert_eq!(Provider::from_name("gemini"), Some(Provider::Gemini));
    /// assert_eq!(Provider::from_name("nobody"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        [Provider::Gemini, Provider::OpenAi].into_iter().find(|provider| provider.name() == name)
    }

    /// Its name, as it stands in records.
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

    /// The environment variable that its key is in.
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

    /// Where its models are listed.
    pub(super) fn model_list_hint(self) -> &'static str {
        match self {
            Provider::Gemini => "https://ai.google.dev/gemini-api/docs/models lists them",
            Provider::OpenAi => {
                "the server lists them at /v1/models, OpenAI's are at https://platform.openai.com/docs/models"
            }
        }
    }
}

/// The text, unless it is blank: a variable that is set to nothing is not set.
pub(super) fn non_blank(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_what_is_not_set() {
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
        assert_eq!(error.to_string(), "FAILURES_PROVIDER is \"nobody\": it is gemini or openai");
    }
}

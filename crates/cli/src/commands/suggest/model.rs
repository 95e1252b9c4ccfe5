//! Which model is asked, as the command line and the environment say.

use std::time::Duration;

use tracing_failure_advice as advice;

#[derive(Clone, Debug, clap::Args)]
pub(super) struct ModelOptions {
    /// How the model is talked to; else `openai` where there is a base URL, or `gemini` where there is a key for it. [env:
    /// FAILURES_PROVIDER]
    #[arg(long, value_enum, value_name = "PROVIDER")]
    provider: Option<Provider>,
    /// The model's name, as its provider lists it. [env: FAILURES_MODEL]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The server, else the provider's own. Without a path, /v1 is added for openai and /v1beta for gemini. [env:
    /// FAILURES_BASE_URL]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// How long one question may take, retries among it [default: 120s].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Provider {
    /// Google's generateContent; the key is in GEMINI_API_KEY.
    Gemini,
    /// Chat completions, which local servers speak as well; the key is in OPENAI_API_KEY, where one is needed.
    #[value(name = "openai")]
    OpenAi,
}

impl ModelOptions {
    /// What the options say, and then the variables. Clap would take a variable that is empty for a wrong value.
    pub(super) fn to_options(&self) -> Result<advice::ModelOptions, advice::AdviceError> {
        let mut options = advice::ModelOptions::new();
        options.provider = self.provider.map(|provider| match provider {
            Provider::Gemini => advice::Provider::Gemini,
            Provider::OpenAi => advice::Provider::OpenAi,
        });
        options.model = self.model.clone();
        options.base_url = self.base_url.clone();
        options.timeout = self.timeout;
        options.or_env()
    }
}

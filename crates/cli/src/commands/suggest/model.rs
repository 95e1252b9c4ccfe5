//! The options that choose the language model.

use std::time::Duration;

#[derive(Clone, Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// The API of the model [default: openai if a base URL is given, gemini if GEMINI_API_KEY is set]. [env:
    /// FAILURES_PROVIDER]
    #[arg(long, value_enum, value_name = "PROVIDER")]
    provider: Option<ProviderArg>,
    /// The name of the model at its provider. [env: FAILURES_MODEL]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The URL of the server [default: the provider's]. If it has no path, /v1 (openai) or /v1beta (gemini) is added.
    /// [env: FAILURES_BASE_URL]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Maximum time to wait for one answer, including retries [default: 120s].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ProviderArg {
    /// The generateContent API of Google. It reads the key from GEMINI_API_KEY.
    Gemini,
    /// The chat completions API of OpenAI and of most local servers. It reads the key, if one is needed, from
    /// OPENAI_API_KEY.
    #[value(name = "openai")]
    OpenAi,
}

impl ModelArgs {
    /// The options, completed from the environment variables. Clap's own `env` would reject an empty variable.
    pub(super) fn to_options(&self) -> Result<advice::ModelOptions, advice::AdviceError> {
        let mut options = advice::ModelOptions::new();
        options.provider = self.provider.map(|provider| match provider {
            ProviderArg::Gemini => advice::Provider::Gemini,
            ProviderArg::OpenAi => advice::Provider::OpenAi,
        });
        options.model = self.model.clone();
        options.base_url = self.base_url.clone();
        options.timeout = self.timeout;
        options.or_env()
    }
}

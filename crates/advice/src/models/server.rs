//! Models at servers.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value as Json;

use super::base_url::BaseUrl;
use super::error::{AskError, AskErrorKind};
use super::key::Key;
use super::options::Provider;
use super::reply::{Reply, ReplyContent};
use super::request::Request;
use super::settings::Settings;
use super::{gemini, http, openai, schema};
use crate::prompt::Prompt;

/// Maximum length of a model's name that a server reports.
const MAX_NAME_CHARS: usize = 200;

#[derive(Debug)]
pub(super) struct Server {
    pub(super) provider: Provider,
    pub(super) base_url: BaseUrl,
    /// The requested name of the model.
    pub(super) name: String,
    key: Option<Key>,
    /// Maximum time to wait for an answer, including retries.
    timeout: Duration,
    /// The maximum size of a prompt, if the settings contain it.
    pub(super) budget: Option<usize>,
    /// True if the user named the server.
    pub(super) is_user_chosen: bool,
    /// Configuration files that were ignored.
    pub(super) ignored_files: Vec<PathBuf>,
}

impl Server {
    /// Creates a model from its settings.
    pub(super) fn new(settings: Settings) -> Self {
        let Settings { provider, base_url, model: name, key, timeout, budget, is_user_chosen, ignored_files } =
            settings;
        let budget = budget.and_then(|budget| budget.try_into().ok());
        Server { provider, base_url, name, key, timeout, budget, is_user_chosen, ignored_files }
    }

    /// Returns true if the address of the server is on this machine.
    pub(super) fn is_local(&self) -> bool {
        self.base_url.is_local()
    }

    /// The request. Its `Display` redacts the key.
    pub(super) fn request(&self, prompt: &Prompt) -> Request {
        let schema = schema::schema_for_model(self.is_local());
        match self.provider {
            Provider::Gemini => gemini::request(&self.base_url, &self.name, self.key.as_ref(), prompt, schema),
            Provider::OpenAi => openai::request(&self.base_url, &self.name, self.key.as_ref(), prompt, schema),
        }
    }

    /// Sends the prompt, and retries until the timeout.
    ///
    /// # Errors
    ///
    /// If a required key is missing, the server is not reached or replies with an error, or the model does not complete
    /// an answer.
    pub(super) fn ask(&self, prompt: &Prompt) -> Result<Reply, AskError> {
        let request = self.request(prompt);
        let (mut attempts, mut tokens) = (0, None);
        let reply = self.check_key().and_then(|()| {
            let json = http::post(&request, self.timeout, self.is_local(), &mut attempts)?;
            tokens = self.tokens(&json);
            self.read(&json)
        });
        match reply {
            Ok(ReplyContent { text, model }) => {
                let model = self.without_key(&model).chars().take(MAX_NAME_CHARS).collect();
                Ok(Reply { text: self.without_key(&text), model, tokens })
            }
            Err(kind) => {
                let key_variable = self.provider.key_variable();
                Err(AskError::new(request.url, key_variable, attempts, tokens, kind.redact(self.key.as_ref())))
            }
        }
    }

    /// Redacts the key, which some servers repeat.
    pub(super) fn without_key(&self, text: &str) -> String {
        self.key.as_ref().map_or_else(|| text.to_owned(), |key| key.redact_in(text))
    }

    fn check_key(&self) -> Result<(), AskErrorKind> {
        let needs_key = self.provider == Provider::Gemini;
        if needs_key && self.key.is_none() { Err(AskErrorKind::NoKey) } else { Ok(()) }
    }

    fn read(&self, json: &Json) -> Result<ReplyContent, AskErrorKind> {
        match self.provider {
            Provider::Gemini => gemini::read(json, &self.name),
            Provider::OpenAi => openai::read(json, &self.name),
        }
    }

    /// The number of tokens that the server reports. Zero means that it does not count them.
    fn tokens(&self, json: &Json) -> Option<u64> {
        let pointer = match self.provider {
            Provider::Gemini => gemini::TOKENS,
            Provider::OpenAi => openai::TOKENS,
        };
        json.pointer(pointer).and_then(Json::as_u64).filter(|tokens| *tokens > 0)
    }
}

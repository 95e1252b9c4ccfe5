//! Language models that are asked for advice: which one, how it is asked, and what it answers.

mod answer;
mod base_url;
mod error;
mod gemini;
mod http;
mod key;
mod openai;
mod ordered;
mod request;
mod retry;
mod schema;
mod settings;

use std::time::Duration;

use serde_json::Value as Json;

pub(crate) use answer::{Answer, Fix};
use base_url::BaseUrl;
pub(crate) use error::AskError;
use error::Trouble;
use key::Key;
pub(crate) use request::Request;
use settings::Provider;
pub(crate) use settings::{ModelOptions, Settings};

/// What a model is told.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    /// Who it is, and what it has to do.
    pub(crate) system: String,
    /// What it has to do this with.
    pub(crate) user: String,
}

/// What a model said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    /// Its text, as it is: nothing of it may reach a terminal unseen.
    pub(crate) text: String,
    /// The model as the server names it, else as it was asked for.
    pub(crate) model: String,
    /// Tokens that were used, those of the question among them, where the server counts.
    pub(crate) tokens: Option<u64>,
}

/// A model at a server, and how it is asked.
#[derive(Debug)]
pub(crate) struct Model {
    provider: Provider,
    base_url: BaseUrl,
    name: String,
    key: Option<Key>,
    /// For one question with all its retries.
    timeout: Duration,
}

impl Model {
    /// The model of these settings.
    pub(crate) fn new(settings: Settings) -> Self {
        let Settings { provider, base_url, model: name, key, timeout, .. } = settings;
        Model { provider, base_url, name, key, timeout }
    }

    /// How it is talked to: `gemini` or `openai`.
    pub(crate) fn provider(&self) -> &'static str {
        self.provider.name()
    }

    /// The name that it is asked for by.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where its server is.
    pub(crate) fn base_url(&self) -> String {
        self.base_url.to_string()
    }

    /// Whether its server is on this machine, by its address: nothing leaves the machine then.
    pub(crate) fn is_local(&self) -> bool {
        self.base_url.is_local()
    }

    /// Exactly what would be sent; its key is not shown.
    pub(crate) fn request(&self, prompt: &Prompt) -> Request {
        let schema = if self.is_local() { schema::for_local_servers() } else { schema::for_services() };
        match self.provider {
            Provider::Gemini => gemini::request(&self.base_url, &self.name, self.key.as_ref(), prompt, schema),
            Provider::OpenAi => openai::request(&self.base_url, &self.name, self.key.as_ref(), prompt, schema),
        }
    }

    /// Asks, and asks again where that can help, within the time that was set.
    ///
    /// # Errors
    ///
    /// When there is no key where one is needed, the server is not reached, answers with an error or not in time, or the
    /// model does not answer or not to its end.
    pub(crate) fn ask(&self, prompt: &Prompt) -> Result<Reply, AskError> {
        let request = self.request(prompt);
        let mut tries = 0;
        let reply = self.key_if_needed().and_then(|()| {
            let json = http::post(&request, self.timeout, self.is_local(), &mut tries)?;
            self.read(&json)
        });
        reply.map_err(|trouble| {
            let key_variable = self.provider.key_variable();
            AskError::new(request.url, key_variable, tries, trouble.without(self.key.as_ref()))
        })
    }

    fn key_if_needed(&self) -> Result<(), Trouble> {
        let needed = self.provider == Provider::Gemini;
        if needed && self.key.is_none() { Err(Trouble::NoKey) } else { Ok(()) }
    }

    fn read(&self, json: &Json) -> Result<Reply, Trouble> {
        match self.provider {
            Provider::Gemini => gemini::read(json, &self.name),
            Provider::OpenAi => openai::read(json, &self.name),
        }
    }
}

//! Language models: selection, requests and answers.

mod answer;
mod base_url;
mod error;
mod function;
mod gemini;
mod http;
mod key;
mod openai;
mod options;
mod ordered;
mod reply;
mod request;
mod retry;
mod schema;
mod schema_validator;
mod server;
mod settings;

use std::error::Error;

use anyhow::Result;

use crate::error::{AdviceError, ErrorKind};
use crate::prompt::Prompt;
pub use answer::{Answer, Fix};
pub(crate) use error::AskError;
use function::Function;
pub use options::{ModelOptions, Provider};
pub(crate) use reply::Reply;
use server::Server;

/// A language model: a server, or a function of the program.
///
/// ```
/// use tracing_failure_advice::{Model, ModelOptions};
///
/// let model = Model::new(&ModelOptions::new().base_url("http://localhost:8080").model("a-model"))?;
/// assert_eq!((model.provider(), model.name()), ("openai", "a-model"));
/// assert!(model.is_local());
/// # Ok::<(), tracing_failure_advice::AdviceError>(())
/// ```
#[derive(Debug)]
pub struct Model(Backend);

#[derive(Debug)]
enum Backend {
    Server(Server),
    Function(Function),
}

impl Model {
    /// Creates a model at a server. Nothing is sent yet.
    ///
    /// Missing options are taken from the `failures.toml` in the current directory or the nearest parent. The key is
    /// read from `GEMINI_API_KEY` or `OPENAI_API_KEY`.
    ///
    /// # Errors
    ///
    /// If the model, provider or server is unknown, if the file is invalid, or if a key would be sent to an untrusted
    /// server or over an unencrypted connection.
    ///
    /// ```
    /// use tracing_failure_advice::{Model, ModelOptions, Provider};
    ///
    /// let options = ModelOptions::new().provider(Provider::Gemini).model("../files");
    /// let error = Model::new(&options).unwrap_err();
    /// assert!(error.to_string().contains("is not a name of a Gemini model"));
    /// ```
    pub fn new(options: &ModelOptions) -> Result<Self, AdviceError> {
        let settings = settings::resolve(options).map_err(ErrorKind::Settings.of())?;
        Ok(Model(Backend::Server(Server::new(settings))))
    }

    /// Creates a model from a function.
    ///
    /// The function receives a [`Prompt`], whose text contains the schema of the answer. It returns the reply of the
    /// model: JSON, alone or inside one Markdown fence. `provider` and `model` are the names in the advice. The prompt
    /// is assumed to leave this machine, unless the model is [`local`](Model::local).
    ///
    /// ```
    /// use tracing_failure::Failure;
    /// use tracing_failure_advice::{Advisor, Model, Prompt};
    ///
    /// let model = Model::from_fn("here", "a-model", |prompt: &Prompt| {
    ///     assert!(prompt.user.contains("no convergence"));
    ///     Ok(r#"{"root_cause": "The start is too far away.", "confidence": "low",
    ///         "fixes": [{"change": "Start at 3.5", "reason": "the root is there"}]}"#.to_owned())
    /// });
    /// let failure = Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "no convergence");
    /// let advice = Advisor::new(model).advise(&failure)?;
    /// assert_eq!(advice.answer.root_cause, "The start is too far away.");
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    pub fn from_fn<F>(provider: impl Into<String>, model: impl Into<String>, ask: F) -> Self
    where
        F: Fn(&Prompt) -> Result<String, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    {
        Model(Backend::Function(Function::new(provider.into(), model.into(), Box::new(ask))))
    }

    /// Marks a function as local: the prompt stays on this machine, so secrets are not redacted. It has no effect on a
    /// server, whose address decides.
    ///
    /// ```
    /// # use tracing_failure_advice::Model;
    /// let model = Model::from_fn("here", "a-model", |_| Ok(String::new())).local();
    /// assert!(model.is_local());
    /// ```
    #[must_use]
    pub fn local(mut self) -> Self {
        if let Backend::Function(function) = &mut self.0 {
            function.is_local = true;
        }
        self
    }

    /// Returns the provider: `gemini` or `openai` for a server, the given name for a function.
    ///
    /// ```
    /// # use tracing_failure_advice::Model;
    /// assert_eq!(Model::from_fn("here", "a-model", |_| Ok(String::new())).provider(), "here");
    /// ```
    pub fn provider(&self) -> &str {
        match &self.0 {
            Backend::Server(server) => server.provider.name(),
            Backend::Function(function) => &function.provider,
        }
    }

    /// Returns the requested name of the model.
    ///
    /// ```
    /// # use tracing_failure_advice::Model;
    /// assert_eq!(Model::from_fn("here", "a-model", |_| Ok(String::new())).name(), "a-model");
    /// ```
    pub fn name(&self) -> &str {
        match &self.0 {
            Backend::Server(server) => &server.name,
            Backend::Function(function) => &function.name,
        }
    }

    /// Returns true if the prompt stays on this machine: the address of the server is local, or the function is
    /// [`local`](Model::local).
    ///
    /// ```
    /// use tracing_failure_advice::{Model, ModelOptions};
    ///
    /// let options = ModelOptions::new().model("a-model");
    /// assert!(Model::new(&options.clone().base_url("http://127.0.0.1:8080"))?.is_local());
    /// assert!(!Model::new(&options.base_url("https://127.0.0.1.example"))?.is_local());
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    pub fn is_local(&self) -> bool {
        match &self.0 {
            Backend::Server(server) => server.is_local(),
            Backend::Function(function) => function.is_local,
        }
    }

    /// Returns true if the prompt may contain secrets: the model is on this machine, and the user named its server. A
    /// `failures.toml` may come from another user, whose program listens on that port.
    pub(crate) fn may_receive_secrets(&self) -> bool {
        match &self.0 {
            Backend::Server(server) => server.is_local() && server.is_user_chosen,
            Backend::Function(function) => function.is_local,
        }
    }

    /// A warning about `failures.toml` files that were ignored.
    #[doc(hidden)]
    pub fn warning(&self) -> Option<String> {
        match &self.0 {
            Backend::Server(server) => settings::ignored_files_warning(&server.ignored_files),
            Backend::Function(_) => None,
        }
    }

    /// Redacts the key of the server in a text.
    pub(crate) fn without_key(&self, text: &str) -> String {
        match &self.0 {
            Backend::Server(server) => server.without_key(text),
            Backend::Function(_) => text.to_owned(),
        }
    }

    /// The URL of the server; empty for a function.
    pub(crate) fn base_url(&self) -> String {
        match &self.0 {
            Backend::Server(server) => server.base_url.to_string(),
            Backend::Function(_) => String::new(),
        }
    }

    /// The `budget` of `failures.toml`.
    pub(crate) fn budget(&self) -> Option<usize> {
        match &self.0 {
            Backend::Server(server) => server.budget,
            Backend::Function(_) => None,
        }
    }

    /// The JSON Schema of an answer.
    pub(crate) fn schema(&self) -> String {
        schema::schema_for_model(self.is_local()).to_string()
    }

    /// Returns true if the prompt must contain the schema. Requests to servers have a separate field for it.
    pub(crate) fn needs_schema_in_prompt(&self) -> bool {
        matches!(self.0, Backend::Function(_))
    }

    /// The request as text, with the key redacted.
    pub(crate) fn request(&self, prompt: &Prompt) -> String {
        match &self.0 {
            Backend::Server(server) => server.request(prompt).to_string(),
            Backend::Function(_) => prompt.to_string(),
        }
    }

    /// Sends the prompt. Requests to a server are retried until the timeout.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub(crate) fn ask(&self, prompt: &Prompt) -> Result<Reply> {
        match &self.0 {
            Backend::Server(server) => Ok(server.ask(prompt)?),
            Backend::Function(function) => function.ask(prompt),
        }
    }
}

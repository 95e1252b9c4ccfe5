//! Language models that are asked for advice: which one, how it is asked, and what it answers.

mod answer;
mod base_url;
mod check;
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

/// A language model: one at a server, or a function of the program.
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
    /// The model at a server that these options name, together with the nearest `failures.toml`, here or above, and with
    /// the provider's key, which is in `GEMINI_API_KEY` or `OPENAI_API_KEY`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When it is not said which model, by whom, or where; when the file cannot be read; when a key would go where it must
    /// not.
    ///
    /// ```
    /// use tracing_failure_advice::{Model, ModelOptions, Provider};
    ///
    /// let options = ModelOptions::new().provider(Provider::Gemini).model("../files");
    /// let error = Model::new(&options).unwrap_err();
    /// assert!(error.to_string().contains("is no name of a Gemini model"));
    /// ```
    pub fn new(options: &ModelOptions) -> Result<Self, AdviceError> {
        let settings = settings::settings(options).map_err(ErrorKind::Settings.of())?;
        Ok(Model(Backend::Server(Server::new(settings))))
    }

    /// A function of the program that is told a [`Prompt`], which has the schema of the answer in its text, and returns what
    /// the model says: JSON, alone or inside one Markdown fence. The names of the provider and the model are those that its advice bears. It is taken for one to which
    /// the prompt leaves this machine, unless it is [`local`](Model::local).
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
    /// let advice = Advisor::new(model).advise(&Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "no convergence"))?;
    /// assert_eq!(advice.answer.root_cause, "The start is too far away.");
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    pub fn from_fn<F>(provider: impl Into<String>, model: impl Into<String>, ask: F) -> Self
    where
        F: Fn(&Prompt) -> Result<String, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    {
        Model(Backend::Function(Function::new(provider.into(), model.into(), Box::new(ask))))
    }

    /// A function that keeps what it is told on this machine: secrets are not taken out. Of a server its address says so, and
    /// this changes nothing.
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

    /// How it is talked to, `gemini` or `openai`; of a function, the name that was given.
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

    /// The name that it is asked for by.
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

    /// Whether what it is told stays on this machine: its server is here, by its address, or it is a function that is
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

    /// Whether questions to the model may contain secrets: it runs on this machine, and the user named it. A
    /// `failures.toml` alone may come from another user, whose program listens there.
    pub(crate) fn may_receive_secrets(&self) -> bool {
        match &self.0 {
            Backend::Server(server) => server.is_local() && server.is_user_chosen,
            Backend::Function(function) => function.is_local,
        }
    }

    /// Why a `failures.toml` that is there has no effect.
    #[doc(hidden)]
    pub fn warning(&self) -> Option<String> {
        match &self.0 {
            Backend::Server(server) => settings::ignored_files_warning(&server.ignored_files),
            Backend::Function(_) => None,
        }
    }

    /// The text without the key of its server.
    pub(crate) fn without_key(&self, text: &str) -> String {
        match &self.0 {
            Backend::Server(server) => server.without_key(text),
            Backend::Function(_) => text.to_owned(),
        }
    }

    /// Where its server is; of a function, nothing.
    pub(crate) fn base_url(&self) -> String {
        match &self.0 {
            Backend::Server(server) => server.base_url.to_string(),
            Backend::Function(_) => String::new(),
        }
    }

    /// What `failures.toml` sets as `budget`.
    pub(crate) fn budget(&self) -> Option<usize> {
        match &self.0 {
            Backend::Server(server) => server.budget,
            Backend::Function(_) => None,
        }
    }

    /// The schema of its answer.
    pub(crate) fn schema(&self) -> String {
        schema::schema_for_model(self.is_local()).to_string()
    }

    /// Whether the schema has to be part of what it is told: a server has a place of its own for it.
    pub(crate) fn needs_schema_in_prompt(&self) -> bool {
        matches!(self.0, Backend::Function(_))
    }

    /// Exactly what would be sent; a key is not shown.
    pub(crate) fn request(&self, prompt: &Prompt) -> String {
        match &self.0 {
            Backend::Server(server) => server.request(prompt).to_string(),
            Backend::Function(_) => prompt.to_string(),
        }
    }

    /// Asks, at a server again where that can help, within the time that was set.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub(crate) fn ask(&self, prompt: &Prompt) -> Result<Reply> {
        match &self.0 {
            Backend::Server(server) => Ok(server.ask(prompt)?),
            Backend::Function(function) => function.ask(prompt),
        }
    }
}

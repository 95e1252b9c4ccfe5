//! The advisor: from a record to advice.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use record::Failure;

use crate::advice::Advice;
use crate::cache::AnswerCache;
use crate::error::{AdviceError, ErrorKind};
use crate::models::{Answer, AskError, Model, Reply};
use crate::prompt::{DEFAULT_BUDGET, FailureHistory, Prompt, PromptBuilder, prompt_hash};
use text::{error_chain, one_line, path_text, truncate_to_width};

/// Maximum width of an invalid reply in an error message.
const MAX_REPLY_COLUMNS: usize = 300;
/// Maximum width of a model's name in an error message.
const MAX_NAME_COLUMNS: usize = 100;
/// Estimated number of bytes per token.
const BYTES_PER_TOKEN: usize = 4;

/// Asks a model about failures.
///
/// ```
/// use tracing_failure::{Failure, Store};
/// use tracing_failure_advice::{Advisor, Model};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-advisor-{}", std::process::id()));
/// let failure = Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "no convergence");
/// Store::open(&dir)?.write(&failure)?; // "io/failures" in a program
/// let model = Model::from_fn("here", "a-model", |_| {
///     Ok(r#"{"root_cause": "It diverges.", "fixes": [{"change": "Damp it", "reason": "r"}], "confidence": "low"}"#.into())
/// });
/// let advisor = Advisor::new(model).dir(&dir);
/// assert!(!advisor.advise(&failure)?.is_cached);
/// assert!(advisor.advise(&failure)?.is_cached);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Advisor {
    model: Model,
    dir: Option<PathBuf>,
    budget: Option<usize>,
    fresh: bool,
    redact: Option<bool>,
    used_tokens: AtomicU64,
}

impl Advisor {
    /// Creates an advisor without a directory: it knows no other failures and writes no files.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// let advisor = Advisor::new(Model::from_fn("here", "a-model", |_| Ok(String::new())));
    /// assert_eq!(advisor.model().name(), "a-model");
    /// ```
    pub fn new(model: Model) -> Self {
        Advisor { model, dir: None, budget: None, fresh: false, redact: None, used_tokens: AtomicU64::new(0) }
    }

    /// Sets the directory of the records, such as `io/failures`. It must exist.
    ///
    /// The prompt then contains earlier occurrences and fixes of the same failure. Answers are cached in the
    /// subdirectory `.suggestions`, so that the model is asked once per fingerprint.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, ErrorKind, Model};
    /// # let model = Model::from_fn("here", "a-model", |_| Ok(String::new()));
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// let error = Advisor::new(model).dir("no/such").advise(&failure).unwrap_err();
    /// assert_eq!(error.to_string(), "there is no directory no/such");
    /// ```
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Sets the maximum size of the prompt in bytes. The default is `budget` in `failures.toml` for a model at a
    /// server, or 16000. The error itself is always included.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// # let model = Model::from_fn("here", "a-model", |_| Ok(String::new()));
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// let prompt = Advisor::new(model).budget(4000).prompt(&failure)?;
    /// assert!(prompt.system.len() + prompt.user.len() <= 4000);
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    #[must_use]
    pub fn budget(mut self, bytes: usize) -> Self {
        self.budget = Some(bytes);
        self
    }

    /// Sets whether the model is asked again if its answer is cached.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// # let model = Model::from_fn("here", "a-model", |_| Ok(String::new()));
    /// let advisor = Advisor::new(model).dir("io/failures").fresh(true);
    /// # let _ = advisor;
    /// ```
    #[must_use]
    pub fn fresh(mut self, fresh: bool) -> Self {
        self.fresh = fresh;
        self
    }

    /// Sets whether secrets, home directories and host names are redacted.
    ///
    /// By default they are, unless the model is on this machine and an option or environment variable names its server.
    /// A `failures.toml` alone does not disable redaction.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// # let model = || Model::from_fn("here", "a-model", |_| Ok(String::new()));
    /// let mut failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// failure.parameters.insert("api_key", "hunter2");
    /// assert!(!Advisor::new(model()).prompt(&failure)?.user.contains("hunter2"));
    /// assert!(Advisor::new(model()).redact(false).prompt(&failure)?.user.contains("hunter2"));
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    #[must_use]
    pub fn redact(mut self, redact: bool) -> Self {
        self.redact = Some(redact);
        self
    }

    /// Returns the model.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// let advisor = Advisor::new(Model::from_fn("here", "a-model", |_| Ok(String::new())));
    /// assert!(!advisor.model().is_local());
    /// ```
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Returns the number of tokens that all prompts have used, including prompts without a valid answer. It is
    /// estimated from the length of the texts if the server does not report it.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// let advisor = Advisor::new(Model::from_fn("here", "a-model", |_| Ok("no answer".to_owned())));
    /// assert!(advisor.advise(&failure).is_err());
    /// assert!(advisor.used_tokens() > 0);
    /// ```
    pub fn used_tokens(&self) -> u64 {
        self.used_tokens.load(Ordering::Relaxed)
    }

    /// Returns the prompt about a failure. Nothing is sent.
    ///
    /// # Errors
    ///
    /// If the directory of the records cannot be read.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// # let model = Model::from_fn("here", "a-model", |_| Ok(String::new()));
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "no convergence");
    /// let prompt = Advisor::new(model).prompt(&failure)?;
    /// assert!(prompt.system.contains("numerical analyst") && prompt.user.contains("no convergence"));
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    pub fn prompt(&self, failure: &Failure) -> Result<Prompt, AdviceError> {
        let mut failure = failure.clone();
        // Records of other programs have no diagnosis.
        diagnose::diagnose(&mut failure);
        let history = self
            .dir
            .as_ref()
            .map(|dir| FailureHistory::of(&failure, dir))
            .transpose()
            .map_err(ErrorKind::Files.of())?;
        let question = PromptBuilder {
            failure: &failure,
            history: &history.unwrap_or_default(),
            budget: self.budget.or(self.model.budget()).unwrap_or(DEFAULT_BUDGET),
            redacts: self.redact.unwrap_or(!self.model.may_receive_secrets()),
            schema: self.model.schema(),
            includes_schema: self.model.needs_schema_in_prompt(),
        };
        Ok(question.prompt())
    }

    /// Returns the request to the server without the key, or the [`Prompt`] for a function. Nothing is sent.
    ///
    /// Control characters are not escaped.
    ///
    /// # Errors
    ///
    /// If the directory of the records cannot be read.
    ///
    /// ```
    /// use tracing_failure_advice::{Advisor, Model, ModelOptions};
    ///
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "no convergence");
    /// let model = Model::new(&ModelOptions::new().base_url("http://localhost:8080").model("a-model"))?;
    /// let request = Advisor::new(model).dry_run(&failure)?;
    /// assert!(request.starts_with("POST http://localhost:8080/v1/chat/completions\n"));
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    pub fn dry_run(&self, failure: &Failure) -> Result<String, AdviceError> {
        Ok(self.model.request(&self.prompt(failure)?))
    }

    /// Asks the model about a failure, or returns the cached answer for its fingerprint.
    ///
    /// If an answer cannot be cached, it is returned with the reason in [`Advice::cache_error`].
    ///
    /// # Errors
    ///
    /// If the model does not answer, its reply is not a valid answer, or the directory cannot be read. An invalid reply
    /// is saved in the directory, and the error names its file.
    ///
    /// ```
    /// use tracing_failure_advice::{Advisor, ErrorKind, Model};
    ///
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// let model = Model::from_fn("here", "a-model", |_| Err("the quota is used up".into()));
    /// let error = Advisor::new(model).advise(&failure).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NoAnswer);
    /// assert_eq!(format!("{error:#}"), "a-model by here did not answer: the quota is used up");
    /// ```
    pub fn advise(&self, failure: &Failure) -> Result<Advice, AdviceError> {
        let cache = self.dir.as_deref().map(AnswerCache::of);
        if !self.fresh
            && let Some(cached) = cache.as_ref().and_then(|cache| cache.get(failure, &self.model))
        {
            return Ok(cached);
        }
        let prompt = self.prompt(failure)?;
        let advice = self.ask(&prompt, cache.as_ref())?;
        let stored = cache.map_or(Ok(()), |cache| cache.put(failure, &self.model, &advice));
        Ok(Advice { cache_error: stored.err().map(|error| error_chain(error.chain())), ..advice })
    }

    fn ask(&self, prompt: &Prompt, cache: Option<&AnswerCache>) -> Result<Advice, AdviceError> {
        let reply = self.model.ask(prompt).inspect_err(|error| self.add_tokens_of_failed(prompt, error));
        let reply = reply.map_err(ErrorKind::NoAnswer.of())?;
        self.add_tokens(reply.tokens.unwrap_or_else(|| prompt_tokens(prompt) + estimate_tokens(reply.text.len())));
        let answer = Answer::parse(&reply.text).map_err(|error| {
            let raw_text = self.save_raw(&reply, cache);
            ErrorKind::InvalidAnswer.of()(anyhow::Error::new(error).context(raw_text))
        })?;
        Ok(Advice {
            provider: self.model.provider().to_owned(),
            model: reply.model,
            time: record::time::now(),
            prompt_hash: prompt_hash(prompt),
            tokens: reply.tokens,
            answer: answer.map(|text| self.model.without_key(text)),
            is_cached: false,
            cache_error: None,
        })
    }

    /// Saves an invalid reply if there is a directory. Returns a message with the file or the reply.
    fn save_raw(&self, reply: &Reply, cache: Option<&AnswerCache>) -> String {
        let model = truncate_to_width(&one_line(&reply.model), MAX_NAME_COLUMNS).into_owned();
        match cache.map(|cache| cache.save_raw(&reply.text)) {
            Some(Ok(path)) => format!("the reply of {model} is in {}", path_text(&path)),
            _ => format!("{model} replied {:?}", truncate_to_width(&one_line(&reply.text), MAX_REPLY_COLUMNS)),
        }
    }

    /// Adds the tokens of a prompt without an answer, if the model may have processed it.
    fn add_tokens_of_failed(&self, prompt: &Prompt, error: &anyhow::Error) {
        match error.downcast_ref::<AskError>() {
            Some(error) if !error.may_have_cost() => {}
            Some(AskError { tokens: Some(tokens), .. }) => self.add_tokens(*tokens),
            _ => self.add_tokens(prompt_tokens(prompt)),
        }
    }

    fn add_tokens(&self, tokens: u64) {
        let _ = self
            .used_tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(used.saturating_add(tokens)));
    }
}

fn prompt_tokens(prompt: &Prompt) -> u64 {
    estimate_tokens(prompt.system.len() + prompt.user.len())
}

fn estimate_tokens(bytes: usize) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN) as u64
}

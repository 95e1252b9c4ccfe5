//! One question, from a record to advice.

use std::path::PathBuf;

use tracing_failure::Failure;

use crate::advice::Advice;
use crate::cache::Cache;
use crate::error::{AdviceError, ErrorKind};
use crate::models::{Answer, Model};
use crate::prompt::{BUDGET, Past, Prompt, Question, hash};
use crate::text::{fit, one_line, shown};

/// Columns of a text that is no answer.
const SHOWN: usize = 300;

/// A model, and what it is asked with.
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
/// assert!(!advisor.advice(&failure)?.is_known);
/// assert!(advisor.advice(&failure)?.is_known);
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
}

impl Advisor {
    /// An advisor who knows of no other failures, and keeps nothing.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// let advisor = Advisor::new(Model::from_fn("here", "a-model", |_| Ok(String::new())));
    /// assert_eq!(advisor.model().name(), "a-model");
    /// ```
    pub fn new(model: Model) -> Self {
        Advisor { model, dir: None, budget: None, fresh: false, redact: None }
    }

    /// A directory of records, `io/failures` and the like: what they tell of the same failure is part of the question, and
    /// what the model answers is kept in `.suggestions` there, so that it is asked once for each fingerprint. The directory
    /// has to be there.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, ErrorKind, Model};
    /// # let model = Model::from_fn("here", "a-model", |_| Ok(String::new()));
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// let error = Advisor::new(model).dir("no/such").advice(&failure).unwrap_err();
    /// assert_eq!(error.to_string(), "there is no directory no/such");
    /// ```
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Bytes that a question may have; else what `failures.toml` says where the model is at a server, or 16000. The error
    /// itself is always told.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// # let model = Model::from_fn("here", "a-model", |_| Ok(String::new()));
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// let prompt = Advisor::new(model).budget(4000).question(&failure)?;
    /// assert!(prompt.system.len() + prompt.user.len() <= 4000);
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    #[must_use]
    pub fn budget(mut self, bytes: usize) -> Self {
        self.budget = Some(bytes);
        self
    }

    /// Whether the model is asked again where its answer is known.
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

    /// Whether secrets, home directories and the host's name are taken out of the question; else they are where it leaves this
    /// machine.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// # let model = || Model::from_fn("here", "a-model", |_| Ok(String::new()));
    /// let mut failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// failure.parameters.insert("api_key", "hunter2");
    /// assert!(!Advisor::new(model()).question(&failure)?.user.contains("hunter2"));
    /// assert!(Advisor::new(model()).redact(false).question(&failure)?.user.contains("hunter2"));
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    #[must_use]
    pub fn redact(mut self, redact: bool) -> Self {
        self.redact = Some(redact);
        self
    }

    /// The model.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// let advisor = Advisor::new(Model::from_fn("here", "a-model", |_| Ok(String::new())));
    /// assert!(!advisor.model().is_local());
    /// ```
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What the model is asked about a failure.
    ///
    /// # Errors
    ///
    /// When the directory of the records cannot be read.
    ///
    /// ```
    /// # use tracing_failure_advice::{Advisor, Model};
    /// # let model = Model::from_fn("here", "a-model", |_| Ok(String::new()));
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "no convergence");
    /// let prompt = Advisor::new(model).question(&failure)?;
    /// assert!(prompt.system.contains("numerical analyst") && prompt.user.contains("no convergence"));
    /// # Ok::<(), tracing_failure_advice::AdviceError>(())
    /// ```
    pub fn question(&self, failure: &Failure) -> Result<Prompt, AdviceError> {
        let mut failure = failure.clone();
        // A record of another program has no diagnosis yet.
        failure.diagnose();
        let past = self.dir.as_ref().map(|dir| Past::of(&failure, dir)).transpose().map_err(ErrorKind::Files.of())?;
        let question = Question {
            failure: &failure,
            past: &past.unwrap_or_default(),
            budget: self.budget.or(self.model.budget()).unwrap_or(BUDGET),
            leaves: self.redact.unwrap_or(!self.model.is_local()),
            schema: self.model.schema(),
            says_schema: self.model.reads_schema(),
        };
        Ok(question.prompt())
    }

    /// All that would be sent about a failure, but for the key: the request to a server, or the [`Prompt`] for a
    /// function. Nothing is sent. What a terminal obeys stands there as it is.
    ///
    /// # Errors
    ///
    /// When the directory of the records cannot be read.
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
        Ok(self.model.request(&self.question(failure)?))
    }

    /// What the model says of a failure; what it said before of one with its fingerprint, where that is kept.
    ///
    /// # Errors
    ///
    /// When the model does not answer, or not as it should: what it said is kept then, where there is a directory, and its file
    /// is named. When the directory cannot be read or written.
    ///
    /// ```
    /// use tracing_failure_advice::{Advisor, ErrorKind, Model};
    ///
    /// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
    /// let model = Model::from_fn("here", "a-model", |_| Err("the quota is used up".into()));
    /// let error = Advisor::new(model).advice(&failure).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unanswered);
    /// assert_eq!(format!("{error:#}"), "a-model by here has not answered: the quota is used up");
    /// ```
    pub fn advice(&self, failure: &Failure) -> Result<Advice, AdviceError> {
        let cache = self.dir.as_deref().map(Cache::of);
        let known = cache.as_ref().filter(|_| !self.fresh).and_then(|cache| cache.get(failure, &self.model));
        if let Some(advice) = known {
            return Ok(advice);
        }
        let prompt = self.question(failure)?;
        let advice = self.ask(&prompt, cache.as_ref())?;
        if let Some(cache) = cache {
            cache.put(failure, &self.model, &advice).map_err(ErrorKind::Files.of())?;
        }
        Ok(advice)
    }

    fn ask(&self, prompt: &Prompt, cache: Option<&Cache>) -> Result<Advice, AdviceError> {
        let reply = self.model.ask(prompt).map_err(ErrorKind::Unanswered.of())?;
        let answer = match Answer::parse(&reply.text) {
            Ok(answer) => answer,
            Err(error) => {
                let raw = cache.map(|cache| cache.keep_raw(&reply.text)).transpose().map_err(ErrorKind::Files.of())?;
                let said = match raw {
                    Some(path) => format!("what {} said is in {}", one_line(&reply.model), shown(&path)),
                    None => format!("{} said {:?}", one_line(&reply.model), fit(&one_line(&reply.text), SHOWN)),
                };
                return Err(ErrorKind::NotAnAnswer.of()(anyhow::Error::new(error).context(said)));
            }
        };
        Ok(Advice {
            provider: self.model.provider().to_owned(),
            model: reply.model,
            time: tracing_failure::time::now(),
            prompt_hash: hash(prompt),
            tokens: reply.tokens,
            answer,
            is_known: false,
        })
    }
}

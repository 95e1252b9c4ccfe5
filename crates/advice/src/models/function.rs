//! Models that are functions of the program.

use std::error::Error;
use std::fmt;

use anyhow::{Context, Result};

use super::reply::Reply;
use crate::prompt::Prompt;
use text::{one_line, truncate_to_width};

/// Maximum width of a name in an error message.
const MAX_NAME_COLUMNS: usize = 100;

type AskFn = dyn Fn(&Prompt) -> Result<String, Box<dyn Error + Send + Sync>> + Send + Sync;

pub(super) struct Function {
    pub(super) provider: String,
    pub(super) name: String,
    pub(super) is_local: bool,
    ask: Box<AskFn>,
}

impl Function {
    pub(super) fn new(provider: String, name: String, ask: Box<AskFn>) -> Self {
        Function { provider, name, is_local: false, ask }
    }

    /// # Errors
    ///
    /// The error of the function, with the names of model and provider.
    pub(super) fn ask(&self, prompt: &Prompt) -> Result<Reply> {
        let reply = (self.ask)(prompt).map_err(anyhow::Error::from_boxed);
        let text =
            reply.with_context(|| format!("{} by {} did not answer", short(&self.name), short(&self.provider)))?;
        Ok(Reply { text, model: self.name.clone(), tokens: None })
    }
}

fn short(name: &str) -> String {
    truncate_to_width(&one_line(name), MAX_NAME_COLUMNS).into_owned()
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Function { provider, name, is_local, .. } = self;
        write!(f, "Function {{ provider: {provider:?}, name: {name:?}, is_local: {is_local} }}")
    }
}

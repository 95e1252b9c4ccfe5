//! Replies of models.

/// The reply of a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    /// The raw text, which may contain control characters.
    pub(crate) text: String,
    /// The name of the model, as the server reports it, or else as requested.
    pub(crate) model: String,
    /// The number of tokens of prompt and answer, if the server reports it.
    pub(crate) tokens: Option<u64>,
}

/// The content of a server's reply.
#[derive(Debug, PartialEq)]
pub(super) struct ReplyContent {
    pub(super) text: String,
    /// The name of the model, as the server reports it, or else as requested.
    pub(super) model: String,
}

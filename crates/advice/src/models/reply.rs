//! Replies of models.

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

/// The content of a reply.
#[derive(Debug, PartialEq)]
pub(super) struct ReplyContent {
    pub(super) text: String,
    /// The model as the server names it, else as it was asked for.
    pub(super) model: String,
}

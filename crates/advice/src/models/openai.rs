//! The chat completions API of OpenAI, which many servers implement.

use serde_json::Value as Json;

use super::base_url::BaseUrl;
use super::error::AskErrorKind;
use super::key::Key;
use super::ordered::{OrderedJson, object};
use super::reply::ReplyContent;
use super::request::Request;
use crate::prompt::Prompt;

pub(super) const BASE_URL: &str = "https://api.openai.com/v1";
pub(super) const KEY_VARIABLE: &str = "OPENAI_API_KEY";
/// JSON pointer to the number of tokens in a reply.
pub(super) const TOKENS: &str = "/usage/total_tokens";

pub(super) fn request(base: &BaseUrl, model: &str, key: Option<&Key>, prompt: &Prompt, schema: OrderedJson) -> Request {
    let url = base.join("v1", "chat/completions");
    let message = |role: &str, text: &str| object([("role", role.into()), ("content", text.into())]);
    let named = object([("name", "suggestion".into()), ("strict", true.into()), ("schema", schema)]);
    let body = object([
        ("model", model.into()),
        ("messages", OrderedJson::List(vec![message("system", &prompt.system), message("user", &prompt.user)])),
        ("response_format", object([("type", "json_schema".into()), ("json_schema", named)])),
        ("stream", false.into()),
    ]);
    Request::post(url, body).with_key("authorization", "Bearer ", key)
}

/// Reads the answer from a reply.
///
/// # Errors
///
/// If the model refused, or the answer is empty, truncated or stopped.
pub(super) fn read(json: &Json, requested_model: &str) -> Result<ReplyContent, AskErrorKind> {
    let choice = json.pointer("/choices/0").ok_or(AskErrorKind::Empty)?;
    let message = |name| choice.get("message")?.get(name)?.as_str().filter(|text: &&str| !text.trim().is_empty());
    if let Some(refusal) = message("refusal") {
        return Err(AskErrorKind::Refused(refusal.to_owned()));
    }
    match choice.get("finish_reason").and_then(Json::as_str) {
        Some("length") => return Err(AskErrorKind::Truncated),
        Some(reason @ "content_filter") => return Err(AskErrorKind::Stopped(reason.to_owned())),
        _ => {}
    }
    let text = message("content").ok_or(AskErrorKind::Empty)?.to_owned();
    let model = json.get("model").and_then(Json::as_str).unwrap_or(requested_model).to_owned();
    Ok(ReplyContent { text, model })
}

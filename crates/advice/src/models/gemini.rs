//! The generateContent API of Gemini.

use serde_json::Value as Json;

use super::base_url::BaseUrl;
use super::error::AskErrorKind;
use super::key::Key;
use super::ordered::{OrderedJson, object};
use super::reply::ReplyContent;
use super::request::Request;
use crate::prompt::Prompt;

pub(super) const BASE_URL: &str = "https://generativelanguage.googleapis.com";
pub(super) const KEY_VARIABLE: &str = "GEMINI_API_KEY";
/// JSON pointer to the number of tokens in a reply.
pub(super) const TOKENS: &str = "/usageMetadata/totalTokenCount";

/// Returns the name of a model for a URL, without the optional prefix `models/`.
///
/// Returns `None` for an invalid name, which could lead to another URL.
pub(super) fn model_id(name: &str) -> Option<&str> {
    let name = name.strip_prefix("models/").unwrap_or(name);
    let is_name = !name.starts_with('.') && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c));
    is_name.then_some(name)
}

pub(super) fn request(base: &BaseUrl, model: &str, key: Option<&Key>, prompt: &Prompt, schema: OrderedJson) -> Request {
    let model = model.strip_prefix("models/").unwrap_or(model);
    let url = base.join("v1beta", &format!("models/{model}:generateContent"));
    let part = |text: &str| ("parts", OrderedJson::List(vec![object([("text", text.into())])]));
    let config = object([("responseMimeType", "application/json".into()), ("responseJsonSchema", schema)]);
    let body = object([
        ("systemInstruction", object([part(&prompt.system)])),
        ("contents", OrderedJson::List(vec![object([("role", "user".into()), part(&prompt.user)])])),
        ("generationConfig", config),
    ]);
    Request::post(url, body).with_key("x-goog-api-key", "", key)
}

/// Reads the answer from a reply.
///
/// # Errors
///
/// If the prompt was blocked, or the answer is empty, truncated or stopped.
pub(super) fn read(json: &Json, requested_model: &str) -> Result<ReplyContent, AskErrorKind> {
    if let Some(reason) = json.pointer("/promptFeedback/blockReason").and_then(Json::as_str) {
        return Err(AskErrorKind::Blocked(reason.to_owned()));
    }
    let candidate = json.pointer("/candidates/0").ok_or(AskErrorKind::Empty)?;
    match candidate.get("finishReason").and_then(Json::as_str) {
        None | Some("STOP") => {}
        Some("MAX_TOKENS") => return Err(AskErrorKind::Truncated),
        Some(reason) => return Err(AskErrorKind::Stopped(reason.to_owned())),
    }
    let text = text_of(candidate);
    if text.trim().is_empty() {
        return Err(AskErrorKind::Empty);
    }
    let model = json.get("modelVersion").and_then(Json::as_str).unwrap_or(requested_model).to_owned();
    Ok(ReplyContent { text, model })
}

/// The text of an answer without the model's thoughts.
fn text_of(candidate: &Json) -> String {
    let parts = candidate.pointer("/content/parts").and_then(Json::as_array).into_iter().flatten();
    let answer_parts = parts.filter(|part| part.get("thought") != Some(&Json::Bool(true)));
    answer_parts.filter_map(|part| part.get("text")?.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn thoughts_are_no_answer() {
        let json = json!({ "candidates": [{
            "content": { "parts": [{ "text": "hm", "thought": true }, { "text": "{\"a\":" }, { "text": "1}" }] },
            "finishReason": "STOP"
        }] });
        let reply = ReplyContent { text: "{\"a\":1}".to_owned(), model: "g".to_owned() };
        assert_eq!(read(&json, "g").unwrap(), reply);
    }

    #[test]
    fn a_name_cannot_lead_elsewhere() {
        assert_eq!(model_id("models/gemini-2.5-flash"), Some("gemini-2.5-flash"));
        for name in ["../files", "a/b", "a?key=1", "a:streamGenerateContent", "a#", ".."] {
            assert_eq!(model_id(name), None, "{name}");
        }
    }
}

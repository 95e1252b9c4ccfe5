//! The protocol of Gemini: `generateContent`.

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
/// Where a reply says how many tokens were used, as a JSON pointer.
pub(super) const TOKENS: &str = "/usageMetadata/totalTokenCount";

/// The name as it stands in a URL: with or without `models/` it is the same model.
///
/// `None` for what is no name of a model: it would lead elsewhere.
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

/// What the model said.
///
/// # Errors
///
/// When it said nothing, was not let say it, or did not get to its end.
pub(super) fn read(json: &Json, asked: &str) -> Result<ReplyContent, AskErrorKind> {
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
    let model = json.get("modelVersion").and_then(Json::as_str).unwrap_or(asked).to_owned();
    Ok(ReplyContent { text, model })
}

/// All of its text but what it thought on the way.
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

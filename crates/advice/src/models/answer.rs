//! The answer of a model and its validation.

use std::fmt;

use record::Confidence;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::schema;
use super::schema_validator::find_violation;
use text::{one_line, truncate_to_width};

/// Maximum width of the message about an invalid answer.
const MAX_MESSAGE_COLUMNS: usize = 300;

/// The answer of a model about a failure.
///
/// ```
/// # let json = r#"{"root_cause": "It diverges.", "confidence": "low",
/// #     "fixes": [{"change": "Damp it", "reason": "r"}]}"#;
/// # let model = tracing_failure_advice::Model::from_fn("here", "m", move |_| Ok(json.to_owned()));
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// let answer = tracing_failure_advice::Advisor::new(model).advise(&failure)?.answer;
/// println!("{} ({})", answer.root_cause, answer.confidence.name());
/// # Ok::<(), tracing_failure_advice::AdviceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answer {
    /// The cause of the failure, in a few sentences.
    pub root_cause: String,
    /// One to five fixes, best first.
    pub fixes: Vec<Fix>,
    /// The confidence that the model states.
    pub confidence: Confidence,
}

/// A proposed fix.
///
/// ```
/// # let json = r#"{"root_cause": "It diverges.", "confidence": "low",
/// #     "fixes": [{"change": "Damp it", "reason": "r"}]}"#;
/// # let model = tracing_failure_advice::Model::from_fn("here", "m", move |_| Ok(json.to_owned()));
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// # let answer = tracing_failure_advice::Advisor::new(model).advise(&failure)?.answer;
/// for fix in &answer.fixes {
///     println!("{}, since {}", fix.change, fix.reason);
/// }
/// # Ok::<(), tracing_failure_advice::AdviceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fix {
    /// The change.
    pub change: String,
    /// The location of the change: a file, function or parameter.
    pub location: Option<String>,
    /// The reason why the change helps.
    pub reason: String,
    /// The change as code.
    pub code: Option<String>,
}

/// The reason why a text is not a valid answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InvalidAnswer {
    /// JSON pointer to the invalid value; empty for the whole answer.
    pointer: String,
    /// The violated constraint.
    message: String,
}

impl Answer {
    /// Parses the reply of a model: JSON, alone or inside one Markdown fence.
    ///
    /// # Errors
    ///
    /// If the text does not match the schema.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidAnswer> {
        let text = without_fence(text);
        let json: Json = serde_json::from_str(text).map_err(not_json)?;
        validate(&json)?;
        // Parsed from the text again, because `Json` hides duplicate keys.
        let answer: Answer = serde_json::from_str(text).map_err(|error| InvalidAnswer::whole(error.to_string()))?;
        Ok(answer.remove_blank_fields())
    }

    /// Applies a function to each text.
    pub(crate) fn map(mut self, change: impl Fn(&str) -> String) -> Self {
        self.root_cause = change(&self.root_cause);
        for fix in &mut self.fixes {
            let Fix { change: change_text, location, reason, code } = fix;
            [change_text, reason].into_iter().chain(location).chain(code).for_each(|text| *text = change(text));
        }
        self
    }

    /// Removes blank optional texts.
    fn remove_blank_fields(mut self) -> Self {
        for fix in &mut self.fixes {
            fix.location.take_if(|location| location.trim().is_empty());
            fix.code.take_if(|code| code.trim().is_empty());
        }
        self
    }
}

/// Validates JSON against the schema.
fn validate(json: &Json) -> Result<(), InvalidAnswer> {
    let schema: Json = serde_json::from_str(&schema::validation_schema().to_string()).map_err(not_json)?;
    find_violation(json, &schema)
        .map_or(Ok(()), |violation| Err(InvalidAnswer { pointer: violation.pointer, message: violation.message }))
}

impl InvalidAnswer {
    fn whole(message: String) -> Self {
        InvalidAnswer { pointer: String::new(), message }
    }
}

fn not_json(error: serde_json::Error) -> InvalidAnswer {
    InvalidAnswer::whole(format!("not JSON: {error}"))
}

impl std::error::Error for InvalidAnswer {}

impl fmt::Display for InvalidAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.pointer.is_empty() { "" } else { ": " };
        let message = format!("{}{colon}{}", self.pointer, self.message);
        write!(f, "invalid answer: {}", truncate_to_width(&one_line(&message), MAX_MESSAGE_COLUMNS))
    }
}

/// Removes a Markdown fence around the whole text.
fn without_fence(text: &str) -> &str {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let inside = text.strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    // The language may follow the opening fence.
    match inside.and_then(|inside| inside.split_once('\n')) {
        Some((language, inside)) if language.trim().chars().all(char::is_alphanumeric) => inside,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MAX_TEXT_LENGTH: usize = 2_000;
    const MAX_CODE_LENGTH: usize = 10_000;

    fn answer() -> Json {
        json!({
            "root_cause": "The step is too long.",
            "fixes": [{ "change": "halve it", "location": null, "reason": "stability", "code": " " }],
            "confidence": "medium",
        })
    }

    /// The message about an answer with this value at the pointer. `None` removes the value.
    fn message(pointer: &str, value: Option<Json>) -> String {
        let mut answer = answer();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = answer.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => drop(parent.insert(key.to_owned(), value)),
            None => drop(parent.remove(key)),
        }
        Answer::parse(&answer.to_string()).map_or_else(|error| error.to_string(), |_| "fits".to_owned())
    }

    #[test]
    fn an_answer_is_read() {
        let read = Answer::parse(&answer().to_string()).unwrap();
        assert_eq!(read.confidence, Confidence::Medium);
        assert_eq!(read.fixes[0].code, None);
        for fenced in ["\u{feff}{}", "```json\n{}\n```", " ```\n{}\n``` \n", "```JSON \r\n{}```"] {
            assert_eq!(Answer::parse(&fenced.replace("{}", &answer().to_string())).unwrap(), read, "{fenced}");
        }
        assert_eq!(message("/fixes/0/location", None), "fits");
        assert_eq!(message("/fixes/0/location", Some("ä".repeat(MAX_TEXT_LENGTH).into())), "fits");
        assert_eq!(message("/fixes/0/code", Some("x".repeat(MAX_CODE_LENGTH).into())), "fits");
    }

    #[test]
    fn invalid_answers_are_reported() {
        let fix = &answer()["fixes"][0];
        for (pointer, value) in [
            ("/root_cause", Some(json!(" \n"))),
            ("/root_cause", Some("x".repeat(MAX_TEXT_LENGTH + 1).into())),
            ("/root_cause", Some(json!(1))),
            ("/fixes", Some(json!([]))),
            ("/fixes", Some(json!([fix, fix, fix, fix, fix, fix]))),
            ("/fixes", Some(json!("halve it"))),
            ("/fixes/0/change", Some(json!(""))),
            ("/fixes/0/reason", Some(json!("\u{a0}"))),
            ("/fixes/0/reason", Some(Json::Null)),
            ("/fixes/0/code", Some("x".repeat(MAX_CODE_LENGTH + 1).into())),
            ("/confidence", Some(json!("High"))),
            ("/confidence", Some(json!(0.9))),
        ] {
            let message = message(pointer, value);
            assert!(message.starts_with(&format!("invalid answer: {pointer}: ")), "{message}");
        }
        for (pointer, name) in [("/confidence", "confidence"), ("/fixes/0/change", "change")] {
            let message = message(pointer, None);
            assert!(message.contains(&format!("\"{name}\" is a required property")), "{message}");
        }
        assert!(
            message("/more", Some(json!(1))).contains("'more' was unexpected"),
            "{}",
            message("/more", Some(json!(1)))
        );
    }

    #[test]
    fn only_an_answer_is_one() {
        let json = answer().to_string();
        for text in [
            String::new(),
            format!("Here it is: {json}"),
            format!("{json} Good luck!"),
            format!("```json\n{json}\n```\n```json\n{json}\n```"),
            format!("```json\n{json}\n``` Good luck!"),
            format!("```here it is\n{json}\n```"),
            format!("[{json}]"),
            "null".to_owned(),
            json.replace("medium", "high\",\"confidence\":\"low"),
        ] {
            assert!(Answer::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_error_does_not_speak_to_the_terminal() {
        let error = message("/\u{1b}[2J", Some(json!(1)));
        assert!(!error.contains('\u{1b}'), "{error}");
    }
}

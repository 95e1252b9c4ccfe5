//! The text of an amended record. All other parts of the text stay unchanged, to the digit.

use std::borrow::Cow;
use std::{fmt, io};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::amendment::Amendment;
use super::error::with_context;
use crate::failure::{Failure, Suggestion};
use crate::value::{Map, Value};

/// Returns the amended text and the number of new suggestions.
pub(super) fn amend(json: &str, amendment: &Amendment) -> io::Result<(String, usize)> {
    // The text has to be a record before and after the change.
    let failure = Failure::from_json(json)?;
    let mut new: Vec<&Suggestion> = Vec::new();
    for suggestion in &amendment.suggestions {
        let is_known =
            failure.suggested_fixes.contains(&suggestion.fix) || new.iter().any(|one| one.fix == suggestion.fix);
        if !is_known {
            new.push(suggestion);
        }
    }
    let parameters = new_parameters(&failure, &amendment.parameters);
    if new.is_empty() && amendment.resolution.is_none() && parameters.is_empty() {
        return Ok((json.to_owned(), 0));
    }
    let mut record: JsonMembers<'_> = serde_json::from_str(json)?;
    record.add_parameters(parameters)?;
    let fixes = new.iter().map(|suggestion| serde_json::to_string(&suggestion.fix)).collect::<Result<Vec<_>, _>>()?;
    record.extend("suggested_fixes", &fixes, 1)?;
    if !new.is_empty() || amendment.resolution.is_some() {
        record.set("context", amended_context(record.get("context"), &new, amendment)?);
    }
    let text = record.text(0) + "\n";
    let amended =
        Failure::from_json(&text).map_err(|error| with_context("the result would not be a record", error.into()))?;
    debug_assert_eq!(amended.suggested_fixes.len(), failure.suggested_fixes.len() + new.len());
    Ok((text, new.len()))
}

/// Returns the text of the context with these suggestions and the resolution.
fn amended_context(context: Option<&str>, new: &[&Suggestion], amendment: &Amendment) -> io::Result<String> {
    let context = context.ok_or_else(|| io::Error::other("it has no context"))?;
    let mut context = serde_json::from_str::<JsonMembers<'_>>(context)
        .map_err(|error| with_context("its context is not an object", error.into()))?;
    let suggestions = new.iter().map(serde_json::to_string_pretty).collect::<Result<Vec<_>, _>>()?;
    context.extend("suggestions", &suggestions, 2)?;
    if let Some(resolution) = &amendment.resolution {
        context.set("resolution", indent(&serde_json::to_string_pretty(resolution)?, 2));
    }
    Ok(context.text(1))
}

/// Returns the parameters that the record lacks.
fn new_parameters(failure: &Failure, parameters: &Map) -> Map {
    let is_new = |(name, _): &(&str, &Value)| failure.parameters.get(name).is_none();
    parameters.iter().filter(is_new).map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

/// The members of an object in order, each with its text.
struct JsonMembers<'a>(Vec<(String, Cow<'a, str>)>);

impl JsonMembers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        // If a name occurs twice, readers take the last one.
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, text)| &**text)
    }

    fn set(&mut self, name: &str, text: String) {
        match self.0.iter_mut().rfind(|(known, _)| known == name) {
            Some((_, known)) => *known = text.into(),
            None => self.0.push((name.to_owned(), text.into())),
        }
    }

    /// Adds entries to a list. `level` is the depth of the list in the record.
    fn extend(&mut self, name: &str, entries: &[String], level: usize) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let known: Vec<&RawValue> = match self.get(name) {
            Some(list) => serde_json::from_str(list)
                .map_err(|error| with_context(format_args!("its {name} is not a list"), error.into()))?,
            None => Vec::new(),
        };
        let known = known.iter().map(|entry| entry.get().to_owned());
        let new = entries.iter().map(|entry| indent(entry, level));
        let list: Vec<String> = known.chain(new).collect();
        self.set(name, format!("[{}]", list.join(", ")));
        Ok(())
    }

    /// Adds parameters, in the format of a new record.
    fn add_parameters(&mut self, parameters: Map) -> io::Result<()> {
        if parameters.is_empty() {
            return Ok(());
        }
        let json = Failure { parameters, ..Failure::new("", "", "", "") }.to_json();
        let new: JsonMembers<'_> = serde_json::from_str(&json)?;
        let new: JsonMembers<'_> = serde_json::from_str(new.get("parameters").unwrap_or("{}"))?;
        let known = self.get("parameters").unwrap_or("{}");
        let mut all: JsonMembers<'_> = serde_json::from_str(known)
            .map_err(|error| with_context("its parameters are not an object", error.into()))?;
        new.0.iter().for_each(|(name, text)| all.set(name, text.clone().into_owned()));
        let text = all.text(1);
        self.set("parameters", text);
        Ok(())
    }

    fn text(&self, level: usize) -> String {
        let (indent, end) = ("  ".repeat(level + 1), "  ".repeat(level));
        let members = self.0.iter().map(|(name, text)| {
            let name = serde_json::Value::from(name.as_str());
            format!("\n{indent}{name}: {text}")
        });
        format!("{{{}\n{end}}}", members.collect::<Vec<_>>().join(","))
    }
}

/// Indents JSON for this depth.
fn indent(json: &str, level: usize) -> String {
    json.replace('\n', &format!("\n{}", "  ".repeat(level)))
}

impl<'de> Deserialize<'de> for JsonMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = JsonMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonMembers<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((name, text)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, Cow::Borrowed(text.get())));
                }
                Ok(JsonMembers(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Origin, Resolution};

    fn suggestion(fix: &str) -> Suggestion {
        Suggestion::new(fix, Origin::Author)
    }

    fn amendment(fixes: &[&str]) -> Amendment {
        Amendment::of_suggestions(fixes.iter().map(|fix| suggestion(fix)).collect())
    }

    const RECORD: &str = r#"{
  "timestamp": "2025-12-27T04:30:00.000Z",
  "computation": "rg_flow",
  "theoretical_ref": "Eq. 1.12",
  "error_type": "Diverged",
  "error_message": "pole",
  "parameters": {
    "mass": 1.50000000000000000001,
    "seed": 123456789012345678901234567890
  },
  "stack_trace": "",
  "context": {
    "frames": [{ "function": "f", "in_app": true, "register": "rax" }],
    "mine": 1.0
  },
  "suggested_fixes": ["first"],
  "tenth": null
}
"#;

    #[test]
    fn existing_text_is_unchanged() {
        let (text, added) = amend(RECORD, &amendment(&["second", "first"])).unwrap();
        assert_eq!(added, 1);
        for part in ["1.50000000000000000001", "123456789012345678901234567890", "\"rax\"", "\"tenth\": null", "1.0"] {
            assert!(text.contains(part), "{text}");
        }
        let failure: Failure = serde_json::from_str(&text).unwrap();
        assert_eq!(failure.suggested_fixes, ["first", "second"]);
        assert_eq!(failure.context.suggestions.len(), 1);
        let (again, added) = amend(&text, &amendment(&["second"])).unwrap();
        assert_eq!((again == text, added), (true, 0));
    }

    #[test]
    fn added_text_follows_the_existing_format() {
        let mut failure = Failure::new("rg_flow", "Eq. 1.12", "Diverged", "pole");
        failure.context.session_id = Some("s".to_owned());
        let (text, _) = amend(&failure.to_json(), &amendment(&["a", "b"])).unwrap();
        failure = serde_json::from_str(&text).unwrap();
        assert_eq!(text, failure.to_json());
        let (more, _) = amend(&text, &amendment(&["c"])).unwrap();
        failure = serde_json::from_str(&more).unwrap();
        assert_eq!(failure.suggested_fixes, ["a", "b", "c"]);
        assert_eq!(more, failure.to_json());
    }

    #[test]
    fn parameters_are_added_and_never_replaced() {
        let parameters: Map = [("mass", Value::from(2.0)), ("grid", vec![1.5, 2.5].into())].into_iter().collect();
        let (text, _) = amend(RECORD, &Amendment::of_parameters(parameters.clone())).unwrap();
        assert!(text.contains("1.50000000000000000001") && text.contains("123456789012345678901234567890"), "{text}");
        let failure: Failure = serde_json::from_str(&text).unwrap();
        assert_eq!(failure.parameters.get("grid"), Some(&vec![1.5, 2.5].into()));
        assert_eq!(amend(&text, &Amendment::of_parameters(parameters.clone())).unwrap().0, text);

        let mut failure = Failure::new("rg_flow", "Eq. 1.12", "Diverged", "pole");
        let (text, _) = amend(&failure.to_json(), &Amendment::of_parameters(parameters.clone())).unwrap();
        failure.parameters = parameters;
        assert_eq!(text, failure.to_json());
    }

    #[test]
    fn a_resolution_replaces_the_previous_one() {
        let resolved =
            |fix: &str| Amendment::of_resolution(Resolution { fix: fix.to_owned(), ..Resolution::default() });
        let (text, _) = amend(RECORD, &resolved("one")).unwrap();
        let (text, _) = amend(&text, &resolved("two")).unwrap();
        let failure: Failure = serde_json::from_str(&text).unwrap();
        assert_eq!(failure.context.resolution.unwrap().fix, "two");
        assert!(!text.contains("\"one\""));
    }

    #[test]
    fn other_json_is_not_changed() {
        for json in ["{}", "[]", "{", &RECORD.replace("[\"first\"]", "7")] {
            assert!(amend(json, &amendment(&["x"])).is_err(), "{json}");
        }
    }
}

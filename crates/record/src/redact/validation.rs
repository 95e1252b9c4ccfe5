//! Finds secrets in errors of pydantic, which name a field on one line and show its value on the next one.

use std::ops::Range;

use super::names::NameKind;

/// Text before a value.
const VALUE_START: &str = "input_value=";
/// Text after a value.
const VALUE_END: &str = ", input_type=";

/// Returns the values of secret fields.
pub(super) fn secrets_in_errors(text: &str, kind_of: impl Fn(&str) -> NameKind) -> Vec<Range<usize>> {
    let values = text.match_indices(VALUE_START).filter_map(|(at, _)| {
        let (before, _) = text[..at].rsplit_once('\n')?;
        let field = before.rsplit('\n').next()?.trim();
        let is_secret = field.split('.').any(|name| kind_of(name) > NameKind::Ordinary);
        let start = at + VALUE_START.len();
        let line = text[start..].lines().next()?;
        let length = line.rfind(VALUE_END).unwrap_or(line.len());
        (is_secret && line.starts_with(['\'', '"'])).then_some(start..start + length)
    });
    values.collect()
}

#[cfg(test)]
mod tests {
    use crate::redact::Redactor;

    #[test]
    fn values_of_secret_fields_are_redacted() {
        let error = "2 validation errors for Settings\n\
            server.api_key\n  Input should be a valid integer [type=int_parsing, input_value='hun, ter2', input_type=str]\n\
            n\n  Input should be a valid integer [type=int_parsing, input_value='many', input_type=str]";
        insta::assert_snapshot!(Redactor::default().text(error), @r"
        2 validation errors for Settings
        server.api_key
          Input should be a valid integer [type=int_parsing, input_value=[redacted], input_type=str]
        n
          Input should be a valid integer [type=int_parsing, input_value='many', input_type=str]
        ");
    }
}

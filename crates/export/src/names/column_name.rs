//! The names of columns, which also determine their types.

/// The name of the column with the id of a run.
pub(crate) const RUN_ID: &str = "run_id";
/// The name of the column with the fingerprint, which only records have.
pub(crate) const FINGERPRINT: &str = "fingerprint";
/// The name of the column with the series of a trail. Tables of runs do not have it.
pub(crate) const SERIES: &str = "series";
/// The name of the column with all parameters as JSON.
pub(crate) const PARAMETERS: &str = "parameters";

const PARAMETER_PREFIX: &str = "p.";
const DIGEST_PREFIX: &str = "d.";
const TEXT_SUFFIX: &str = ".text";
/// Appended to the name of a parameter that would look like a column of texts.
const ESCAPE: char = '~';

const NUMBERS: &[&str] = &["rank", "duration_s", "step", "elapsed_s", "value"];
const TIMES: &[&str] = &["started", "ended"];

/// The type of a column. The name of a column determines it, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Number,
    Text,
    /// Microseconds since 1970.
    Time,
    /// A text that is JSON.
    Json,
}

impl ColumnKind {
    pub(crate) fn of(name: &str) -> Self {
        let is_number = parameter_of_column(name).is_some() || name.starts_with(DIGEST_PREFIX);
        match name {
            PARAMETERS => ColumnKind::Json,
            name if TIMES.contains(&name) => ColumnKind::Time,
            name if is_number || NUMBERS.contains(&name) => ColumnKind::Number,
            _ => ColumnKind::Text,
        }
    }
}

/// The column with the numbers of a parameter.
pub(crate) fn number_column(parameter: &str) -> String {
    let mut name = format!("{PARAMETER_PREFIX}{parameter}");
    if name.trim_end_matches(ESCAPE).ends_with(TEXT_SUFFIX) {
        name.push(ESCAPE);
    }
    name
}

/// The column with the texts and booleans of a parameter.
pub(crate) fn text_column(parameter: &str) -> String {
    number_column(parameter) + TEXT_SUFFIX
}

/// The parameter whose numbers a column has.
pub(crate) fn parameter_of_column(column: &str) -> Option<&str> {
    let name = column.strip_prefix(PARAMETER_PREFIX)?;
    if column.ends_with(TEXT_SUFFIX) {
        return None;
    }
    let is_escaped = column.trim_end_matches(ESCAPE).ends_with(TEXT_SUFFIX);
    Some(if is_escaped { name.strip_suffix(ESCAPE).unwrap_or(name) } else { name })
}

/// The parameter whose texts a column has.
#[cfg(any(feature = "parquet", test))]
pub(crate) fn parameter_of_text_column(column: &str) -> Option<&str> {
    parameter_of_column(column.strip_suffix(TEXT_SUFFIX)?)
}

/// The column of a convergence digest.
pub(crate) fn digest_column(digest: &str) -> String {
    format!("{DIGEST_PREFIX}{digest}")
}

/// The digest that a column has.
#[cfg(feature = "parquet")]
pub(crate) fn digest_of_column(column: &str) -> Option<&str> {
    column.strip_prefix(DIGEST_PREFIX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_parameter_has_two_columns_of_its_own() {
        let names =
            ["x", "", "text", ".text", "x.text", "x.text~", "x.text.text", "x.text~.text", "x~", "~", "x.textual"];
        let mut columns = HashSet::new();
        for name in names {
            assert_eq!(parameter_of_column(&number_column(name)), Some(name));
            assert_eq!(parameter_of_text_column(&text_column(name)), Some(name));
            assert_eq!(parameter_of_text_column(&number_column(name)), None);
            assert_eq!(parameter_of_column(&text_column(name)), None);
            assert_eq!(ColumnKind::of(&number_column(name)), ColumnKind::Number);
            assert_eq!(ColumnKind::of(&text_column(name)), ColumnKind::Text);
            assert!(columns.insert(number_column(name)) && columns.insert(text_column(name)), "{name}");
        }
        assert_eq!((number_column("mu"), text_column("mu")), ("p.mu".to_owned(), "p.mu.text".to_owned()));
        assert_eq!(number_column("x.text"), "p.x.text~");
    }
}

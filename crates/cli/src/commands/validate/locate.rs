//! Converting JSON pointers to lines and columns.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// Finds the positions of values in a JSON text. Each array and object is parsed once.
pub(super) struct Locator<'t> {
    text: &'t str,
    whole: Option<&'t RawValue>,
    /// The entries of arrays and objects, by the pointers of the latter.
    entries: HashMap<String, HashMap<String, &'t RawValue>>,
    /// The byte offsets of the lines.
    lines: Vec<usize>,
    /// The byte offset of the last result and the number of characters before it in its line.
    last: (usize, usize),
}

impl<'t> Locator<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect();
        Locator { text, whole: serde_json::from_str(text).ok(), entries: HashMap::new(), lines, last: (0, 0) }
    }

    /// Returns line and column of the value at a JSON pointer. Both start at 1; the column counts characters.
    pub(super) fn locate(&mut self, pointer: &str) -> Option<(usize, usize)> {
        let mut value = self.whole?;
        let mut place = String::new();
        for token in pointer.split('/').skip(1) {
            let entries = match self.entries.get(&place) {
                Some(entries) => entries,
                None => self.entries.entry(place.clone()).or_insert(entries_of(value)),
            };
            value = *entries.get(&token.replace("~1", "/").replace("~0", "~"))?;
            place.push('/');
            place.push_str(token);
        }
        // A raw value borrows from the text, so its address gives the offset.
        let offset = value.get().as_ptr().addr().checked_sub(self.text.as_ptr().addr())?;
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = *self.lines.get(line.checked_sub(1)?)?;
        // All values may be on one line. Counting continues at the last result.
        let (from, counted) = Some(self.last).filter(|(last, _)| (start..=offset).contains(last)).unwrap_or((start, 0));
        let column = counted + self.text.get(from..offset)?.chars().count();
        self.last = (offset, column);
        Some((line, 1 + column))
    }
}

/// Returns line and column of a byte offset.
pub(super) fn line_and_column(text: &str, offset: usize) -> Option<(usize, usize)> {
    let before = text.get(..offset)?;
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Some((1 + before.matches('\n').count(), 1 + before[line_start..].chars().count()))
}

/// The entries of an array or object. The last one of several entries with the same name wins.
fn entries_of(value: &RawValue) -> HashMap<String, &RawValue> {
    if value.get().starts_with('[') {
        let list: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
        return list.into_iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect();
    }
    serde_json::from_str(value.get()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_to_lines_and_columns() {
        let text = "{\n  \"a/b\": {\"x\": [1,\n    \"é\", true]},\n  \"~\": null, \"~\": 7\n}";
        let mut locator = Locator::new(text);
        for (pointer, place) in
            [("", (1, 1)), ("/a~1b", (2, 10)), ("/a~1b/x/0", (2, 17)), ("/a~1b/x/2", (3, 10)), ("/~0", (4, 19))]
        {
            assert_eq!(locator.locate(pointer), Some(place), "{pointer}");
        }
        let line = r#"{"é": ["é", "ü", 3]}"#;
        let mut locator = Locator::new(line);
        for (pointer, column) in [("/é", 7), ("/é/2", 18), ("/é/1", 13), ("/é/2", 18)] {
            assert_eq!(locator.locate(pointer), Some((1, column)), "{pointer}");
        }
        let mut locator = Locator::new(text);
        assert_eq!(locator.locate("/a~1b/x/3"), None);
        assert_eq!(locator.locate("/none"), None);
    }
}

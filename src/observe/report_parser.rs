//! Parses the `Debug` text of a report of `anyhow`, `eyre` or `color-eyre` by its fixed headings.
//!
//! The text has the error, its sources and, depending on `RUST_BACKTRACE`, a backtrace. Only the errors belong to the
//! message, because the rest differs between builds and environments.

use text::strip_colours;

/// Maximum depth of reports inside the text of a report.
const MAX_NESTING: usize = 4;

/// The beginning of the note that `record_failure` adds to a report.
pub(crate) const RECORD_NOTE_START: &str = "the failure is recorded in ";

/// The parts of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ParsedReport {
    /// The messages of the error and its sources, outermost first; never empty.
    pub(crate) errors: Vec<String>,
    /// File and line where the report was created.
    pub(crate) location: Option<(String, u32)>,
    pub(crate) backtrace: Option<String>,
    pub(crate) suggestions: Vec<String>,
    /// Notes, warnings and sections.
    pub(crate) notes: Vec<String>,
}

impl ParsedReport {
    /// Parses a report. Returns `None` if the text is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::parse_nested(text, MAX_NESTING)
    }

    fn parse_nested(text: &str, depth: usize) -> Option<Self> {
        if !text.contains('\n') {
            return None;
        }
        let plain = strip_colours(text);
        let mut report = parse_color_eyre(&plain).or_else(|| parse_anyhow(&plain))?;
        // A source may itself be a report as text.
        let inner = depth.checked_sub(1).and_then(|depth| Self::parse_nested(report.errors.last()?, depth));
        if let Some(inner) = inner {
            report.errors.pop();
            report.errors.extend(inner.errors);
        }
        Some(report)
    }

    fn add_note(&mut self, heading: &str, text: String) {
        match heading {
            "Suggestion" => self.suggestions.push(text),
            _ if text.starts_with(RECORD_NOTE_START) => {}
            "Warning" => self.notes.push(format!("Warning: {text}")),
            _ => self.notes.push(text),
        }
    }
}

/// Parses a message, then paragraphs with the headings `Caused by:`, `Location:` and `Stack backtrace:`.
fn parse_anyhow(text: &str) -> Option<ParsedReport> {
    const HEADINGS: [&str; 3] = ["\n\nCaused by:\n", "\n\nLocation:\n", "\n\nStack backtrace:\n"];
    let starts = HEADINGS.iter().filter_map(|heading| {
        let mut positions = text.match_indices(heading).map(|(at, _)| at);
        positions.find(|at| is_indented(&text[at + heading.len()..]))
    });
    let start = starts.min()?;
    let mut report = ParsedReport { errors: vec![text[..start].to_owned()], ..ParsedReport::default() };
    let mut lines = ReportLines::of(&text[start + 2..]);
    while let Some(line) = lines.next() {
        match line {
            "Caused by:" => match read_numbered(&mut lines) {
                causes if causes.is_empty() => report.errors.push(read_indented(&mut lines)),
                causes => report.errors.extend(causes),
            },
            "Location:" => report.location = parse_location(&read_indented(&mut lines)),
            "Stack backtrace:" => report.backtrace = Some(lines.take_rest().trim_end().to_owned()),
            _ => {}
        }
    }
    Some(report)
}

/// Parses numbered errors, then sections, a SpanTrace, a backtrace, notes, and hints on environment variables.
fn parse_color_eyre(text: &str) -> Option<ParsedReport> {
    let start = text.find("\n   0: ")?;
    let before = &text[..start];
    let is_alone = before.is_empty() || (before.ends_with(": ") && !before.contains('\n'));
    if !is_alone {
        return None;
    }
    let mut lines = ReportLines::of(&text[start + 1..]);
    let mut report = ParsedReport { errors: read_numbered(&mut lines), ..ParsedReport::default() };
    report.errors.first_mut()?.insert_str(0, before);
    let mut part = Part::Section;
    while let Some(line) = lines.next() {
        if FINAL_LINES.iter().any(|start| line.starts_with(start)) {
            break;
        }
        if let Some(title) = trace_part(line) {
            part = title;
            continue;
        }
        let note = NOTE_HEADINGS.iter().find_map(|name| Some((*name, line.strip_prefix(name)?.strip_prefix(": ")?)));
        match (note, &part) {
            (Some((name, text)), _) => {
                let text = text.to_owned() + &read_rest_of_note(&mut lines);
                part = Part::Note;
                report.add_note(name, text);
            }
            (None, Part::Section) if line == "Location:" => {
                report.location = parse_location(&read_indented(&mut lines))
            }
            (None, Part::Section) if !line.is_empty() => {
                let section = line.to_owned() + &read_paragraph(&mut lines);
                report.notes.push(section);
            }
            (None, Part::Backtrace) => {
                let backtrace = report.backtrace.get_or_insert_default();
                backtrace.extend([line.strip_prefix("  ").unwrap_or(line), "\n"]);
            }
            _ => {}
        }
    }
    report.backtrace = report.backtrace.map(|backtrace| backtrace.trim_end().to_owned());
    Some(report)
}

/// The part of a color-eyre report that is being read.
enum Part {
    Section,
    SpanTrace,
    Backtrace,
    Note,
}

/// Headings of notes.
const NOTE_HEADINGS: [&str; 3] = ["Suggestion", "Note", "Warning"];

/// Lines that follow the last note of a report.
const FINAL_LINES: [&str; 6] = [
    "Backtrace omitted. Run with RUST_BACKTRACE=1",
    "Run with COLORBT_SHOW_HIDDEN=1",
    "Run with RUST_BACKTRACE=full",
    "Warning: SpanTrace capture is Unsupported",
    "Consider reporting this error using this URL",
    "Consider reporting the bug at this URL",
];

fn trace_part(line: &str) -> Option<Part> {
    let line = line.trim_start();
    if !line.starts_with('━') {
        return None;
    }
    match line.trim_matches(['━', ' ']) {
        "SPANTRACE" => Some(Part::SpanTrace),
        "BACKTRACE" => Some(Part::Backtrace),
        _ => None,
    }
}

/// Returns the further lines of a note, up to the next note.
fn read_rest_of_note(lines: &mut ReportLines<'_>) -> String {
    let mut text = String::new();
    while let Some(line) = lines.peek()
        && !ends_note(line)
    {
        text.extend(["\n", line]);
        lines.next();
    }
    text.truncate(text.trim_end().len());
    text
}

/// Returns true if the line begins another note or the end of the report.
fn ends_note(line: &str) -> bool {
    let is_heading = |name: &&str| line.strip_prefix(*name).is_some_and(|rest| rest.starts_with(": "));
    NOTE_HEADINGS.iter().any(is_heading) || FINAL_LINES.iter().any(|start| line.starts_with(start))
}

/// Returns the further lines of a section, up to an empty line that no indented line follows.
fn read_paragraph(lines: &mut ReportLines<'_>) -> String {
    let mut text = String::new();
    while let Some(line) = lines.peek() {
        let has_more = !line.is_empty() || lines.next_non_empty().is_some_and(|next| next.starts_with("   "));
        if !has_more
            || trace_part(line).is_some()
            || lines.next_non_empty().is_some_and(|next| trace_part(next).is_some())
        {
            break;
        }
        text.extend(["\n", line]);
        lines.next();
    }
    text
}

/// Returns numbered errors: `   0: `, `   1: `, each with further lines at the column of its first one.
fn read_numbered(lines: &mut ReportLines<'_>) -> Vec<String> {
    let mut errors: Vec<String> = Vec::new();
    let mut width = 0;
    while let Some(line) = lines.peek() {
        if let Some((text, indent)) = parse_numbered(line, errors.len()) {
            errors.push(text.to_owned());
            width = indent;
        } else if is_indented_by(line, width)
            && let Some(error) = errors.last_mut()
        {
            error.extend(["\n", &line[width..]]);
        } else if line.trim().is_empty()
            && let Some(error) = errors.last_mut()
            && lines.next_non_empty().is_some_and(|next| is_indented_by(next, width) && trace_part(next).is_none())
        {
            error.push('\n');
        } else {
            break;
        }
        lines.next();
    }
    errors
}

/// Returns the text after the number of an error, and its column.
fn parse_numbered(line: &str, number: usize) -> Option<(&str, usize)> {
    let text = line.trim_start_matches(' ').strip_prefix(&number.to_string())?.strip_prefix(": ")?;
    let indent = line.len() - text.len();
    (indent >= 6).then_some((text, indent))
}

/// Returns lines that are indented by three or four spaces, without the indentation.
fn read_indented(lines: &mut ReportLines<'_>) -> String {
    let width = lines.peek().map_or(0, |line| line.len() - line.trim_start_matches(' ').len()).min(4);
    let mut text: Vec<&str> = Vec::new();
    while let Some(line) = lines.peek() {
        let is_inside =
            line.trim().is_empty() && lines.next_non_empty().is_some_and(|next| is_indented_by(next, width));
        if !is_indented_by(line, width) && !is_inside {
            break;
        }
        text.push(line.get(width..).unwrap_or_default());
        lines.next();
    }
    text.join("\n")
}

fn is_indented_by(line: &str, width: usize) -> bool {
    width > 0 && line.len() > width && line.bytes().take(width).all(|byte| byte == b' ')
}

fn is_indented(text: &str) -> bool {
    text.starts_with("   ")
}

/// Parses `src/main.rs:12:5`.
fn parse_location(text: &str) -> Option<(String, u32)> {
    let mut place = text.trim().rsplit(':');
    let last = place.next()?.parse().ok()?;
    let before: Vec<&str> = place.collect();
    match before.split_first() {
        Some((line, file)) if !file.is_empty() && line.parse::<u32>().is_ok() => {
            Some((file.iter().rev().copied().collect::<Vec<_>>().join(":"), line.parse().ok()?))
        }
        Some(_) => Some((before.iter().rev().copied().collect::<Vec<_>>().join(":"), last)),
        None => None,
    }
}

/// The lines of a text, with one line of lookahead.
struct ReportLines<'a> {
    rest: Option<&'a str>,
}

impl<'a> ReportLines<'a> {
    fn of(text: &'a str) -> Self {
        ReportLines { rest: Some(text) }
    }

    fn peek(&self) -> Option<&'a str> {
        self.rest.map(|rest| rest.split('\n').next().unwrap_or_default())
    }

    /// Returns the next line that is not empty.
    fn next_non_empty(&self) -> Option<&'a str> {
        self.rest?.split('\n').find(|line| !line.trim().is_empty())
    }

    fn take_rest(&mut self) -> &'a str {
        self.rest.take().unwrap_or_default()
    }
}

impl<'a> Iterator for ReportLines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let line = self.peek()?;
        self.rest = self.rest.and_then(|rest| rest.get(line.len() + 1..));
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn errors(text: &str) -> Option<Vec<String>> {
        ParsedReport::parse(text).map(|report| report.errors)
    }

    fn chain(error: anyhow::Error, contexts: &[String]) -> anyhow::Error {
        contexts.iter().fold(error, |error, context| error.context(context.clone()))
    }

    #[test]
    fn other_texts_are_unchanged() {
        for text in [
            "",
            "no convergence",
            "two\nlines",
            "the run failed.\n\nCaused by:\nthe user",
            "see\n   0: nothing",
            "Caused by:\n    0: x",
            "Location:\n    a.rs:1",
        ] {
            assert_eq!(errors(text), None, "{text:?}");
        }
    }

    #[test]
    fn backtraces_and_locations_are_separate_parts() {
        let text = "called `Result::unwrap()` on an `Err` value: flow failed\n\nCaused by:\n    no pivot\n    in row 3\n\n\
                    Location:\n    src/main.rs:12:5\n\nStack backtrace:\n   0: a::b\n             at ./src/a.rs:3:1\n";
        let report = ParsedReport::parse(text).unwrap();
        assert_eq!(report.errors, ["called `Result::unwrap()` on an `Err` value: flow failed", "no pivot\nin row 3"]);
        assert_eq!(report.location, Some(("src/main.rs".to_owned(), 12)));
        assert_eq!(report.backtrace.as_deref(), Some("   0: a::b\n             at ./src/a.rs:3:1"));
        assert_eq!(parse_location("C:\\a\\b.rs:7"), Some(("C:\\a\\b.rs".to_owned(), 7)));
        assert_eq!(parse_location("no place"), None);
    }

    #[test]
    fn a_report_of_color_eyre_has_sections_traces_and_notes() {
        let text = "\n   0: \u{1b}[91mflow failed\u{1b}[0m\n   1: \u{1b}[91mreading\n\n      couplings\u{1b}[0m\n\nLocation:\n   \
                    \u{1b}[35mtests/reports.rs\u{1b}[0m:\u{1b}[35m9\u{1b}[0m\n\nError:\n   0: another\n\nSolver output:\n   \
                    line 1\n\n   line 2\n\nplain\n\n  ━━━━ SPANTRACE ━━━━\n\n   0: a::solve\n      at a.rs:1\n\n  ━━━━ \
                    BACKTRACE ━━━━\n   5: main::h0\n      at main.rs:3\n\nSuggestion: lower the step\n\nor more\n\
                    Note: a note\nWarning: beware\nNote: the failure is recorded in x.json\n\nBacktrace omitted. Run \
                    with RUST_BACKTRACE=1 environment variable to display it.\nRun with RUST_BACKTRACE=full to include \
                    source snippets.";
        let report = ParsedReport::parse(text).unwrap();
        assert_eq!(report.errors, ["flow failed", "reading\n\ncouplings"]);
        assert_eq!(report.location, Some(("tests/reports.rs".to_owned(), 9)));
        assert_eq!(report.backtrace.as_deref(), Some(" 5: main::h0\n    at main.rs:3"));
        assert_eq!(report.suggestions, ["lower the step\n\nor more"]);
        assert_eq!(
            report.notes,
            ["Error:\n   0: another", "Solver output:\n   line 1\n\n   line 2", "plain", "a note", "Warning: beware"]
        );
    }

    proptest! {
        #[test]
        fn every_chain_of_anyhow_is_parsed(
            root in "[a-z]{1,8}( [a-z:]{1,8}){0,2}(\n[a-z0-9]{1,6}){0,2}",
            contexts in prop::collection::vec("[a-z]{1,8}(\n\n? ?[a-z]{1,6}){0,2}", 1..12),
        ) {
            let report = chain(anyhow::anyhow!(root.clone()), &contexts);
            let expected: Vec<String> = report.chain().map(|error| error.to_string()).collect();
            prop_assert_eq!(errors(&format!("{report:?}")), Some(expected));
        }

        #[test]
        fn every_chain_of_color_eyre_is_read_back(
            root in "[a-z]{1,8}(\n[a-z0-9]{1,6}){0,2}",
            contexts in prop::collection::vec("[a-z]{1,8}(\n\n?[a-z]{1,6}){0,2}", 0..12),
        ) {
            let _ = color_eyre::install();
            let report = contexts.iter().fold(color_eyre::eyre::eyre!(root), |report, context| report.wrap_err(context.clone()));
            let expected: Vec<String> = report.chain().map(|error| error.to_string()).collect();
            prop_assert_eq!(errors(&format!("{report:?}")), Some(expected));
        }

        #[test]
        fn any_text_can_be_parsed(text in "(\n| {0,8}|[0-9]: |Caused by:|Location:|Stack backtrace:|━━ BACKTRACE ━━|Note: |é|x){0,24}") {
            ParsedReport::parse(&text);
        }
    }
}

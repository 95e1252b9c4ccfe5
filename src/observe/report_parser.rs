//! Parses the `Debug` text of a report of `anyhow`, `eyre` or `color-eyre` by its fixed headings.
//!
//! The text has the error, its sources and, depending on `RUST_BACKTRACE`, a backtrace. Only the errors belong to the
//! message, because the rest differs between builds and environments.

use text::strip_colours;

/// Maximum depth of reports inside the text of a report.
const NESTED: usize = 4;

/// The beginning of the note that `record_failure` adds to a report.
pub(crate) const RECORDED: &str = "the failure is recorded in ";

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
        Self::parse_nested(text, NESTED)
    }

    fn parse_nested(text: &str, depth: usize) -> Option<Self> {
        text.contains('\n').then_some(())?;
        let plain = strip_colours(text);
        let mut report = of_color_eyre(&plain).or_else(|| of_anyhow(&plain))?;
        // A source may itself be a report as text.
        let inner = depth.checked_sub(1).and_then(|depth| Self::parse_nested(report.errors.last()?, depth));
        if let Some(inner) = inner {
            report.errors.pop();
            report.errors.extend(inner.errors);
        }
        Some(report)
    }
}

/// Parses a message, then paragraphs with the headings `Caused by:`, `Location:` and `Stack backtrace:`.
fn of_anyhow(text: &str) -> Option<ParsedReport> {
    const HEADINGS: [&str; 3] = ["\n\nCaused by:\n", "\n\nLocation:\n", "\n\nStack backtrace:\n"];
    let starts = |heading: &&str| text.match_indices(*heading).find(|(at, _)| is_indented(&text[at + heading.len()..]));
    let start = HEADINGS.iter().filter_map(starts).map(|(at, _)| at).min()?;
    let mut report = ParsedReport { errors: vec![text[..start].to_owned()], ..ParsedReport::default() };
    let mut lines = Lines::of(&text[start + 2..]);
    while let Some(line) = lines.next() {
        match line {
            "Caused by:" => match numbered(&mut lines) {
                causes if causes.is_empty() => report.errors.push(indented(&mut lines)),
                causes => report.errors.extend(causes),
            },
            "Location:" => report.location = location(&indented(&mut lines)),
            "Stack backtrace:" => report.backtrace = Some(lines.rest().trim_end().to_owned()),
            _ => {}
        }
    }
    Some(report)
}

/// Parses numbered errors, then sections, a SpanTrace, a backtrace, notes, and hints on environment variables.
fn of_color_eyre(text: &str) -> Option<ParsedReport> {
    let start = text.find("\n   0: ")?;
    let before = &text[..start];
    let is_alone = before.is_empty() || (before.ends_with(": ") && !before.contains('\n'));
    is_alone.then_some(())?;
    let mut lines = Lines::of(&text[start + 1..]);
    let mut report = ParsedReport { errors: numbered(&mut lines), ..ParsedReport::default() };
    report.errors.first_mut()?.insert_str(0, before);
    let mut part = Part::Section;
    while let Some(line) = lines.next() {
        if OUTRO.iter().any(|outro| line.starts_with(outro)) {
            break;
        }
        if let Some(title) = trace_title(line) {
            part = title;
            continue;
        }
        let help = HELP.iter().find_map(|name| Some((*name, line.strip_prefix(name)?.strip_prefix(": ")?)));
        match (help, &part) {
            (Some((name, text)), _) => {
                let text = text.to_owned() + &continued(&mut lines);
                part = Part::Help;
                match name {
                    "Suggestion" => report.suggestions.push(text),
                    _ if text.starts_with(RECORDED) => {}
                    "Warning" => report.notes.push(format!("Warning: {text}")),
                    _ => report.notes.push(text),
                }
            }
            (None, Part::Section) if line == "Location:" => report.location = location(&indented(&mut lines)),
            (None, Part::Section) if !line.is_empty() => {
                let section = line.to_owned() + &paragraph(&mut lines);
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
    Help,
}

const HELP: [&str; 3] = ["Suggestion", "Note", "Warning"];

/// Lines that follow the last note of a report.
const OUTRO: [&str; 6] = [
    "Backtrace omitted. Run with RUST_BACKTRACE=1",
    "Run with COLORBT_SHOW_HIDDEN=1",
    "Run with RUST_BACKTRACE=full",
    "Warning: SpanTrace capture is Unsupported",
    "Consider reporting this error using this URL",
    "Consider reporting the bug at this URL",
];

fn trace_title(line: &str) -> Option<Part> {
    let line = line.trim_start();
    line.starts_with('━').then_some(())?;
    match line.trim_matches(['━', ' ']) {
        "SPANTRACE" => Some(Part::SpanTrace),
        "BACKTRACE" => Some(Part::Backtrace),
        _ => None,
    }
}

/// Returns the further lines of a note, up to the next note.
fn continued(lines: &mut Lines<'_>) -> String {
    let starts = |line: &str, names: &[&str], after: &str| {
        names.iter().any(|name| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(after)))
    };
    let is_next = |line: &str| starts(line, &HELP, ": ") || starts(line, &OUTRO, "");
    let mut text = String::new();
    while let Some(line) = lines.peek().filter(|line| !is_next(line)) {
        text.extend(["\n", line]);
        lines.next();
    }
    text.truncate(text.trim_end().len());
    text
}

/// Returns the further lines of a section, up to an empty line that no indented line follows.
fn paragraph(lines: &mut Lines<'_>) -> String {
    let mut text = String::new();
    while let Some(line) = lines.peek() {
        let goes_on = !line.is_empty() || lines.after_empty().is_some_and(|next| next.starts_with("   "));
        if !goes_on
            || trace_title(line).is_some()
            || lines.after_empty().is_some_and(|next| trace_title(next).is_some())
        {
            break;
        }
        text.extend(["\n", line]);
        lines.next();
    }
    text
}

/// Returns numbered errors: `   0: `, `   1: `, each with further lines at the column of its first one.
fn numbered(lines: &mut Lines<'_>) -> Vec<String> {
    let mut errors: Vec<String> = Vec::new();
    let mut width = 0;
    while let Some(line) = lines.peek() {
        if let Some((text, indent)) = after_number(line, errors.len()) {
            errors.push(text.to_owned());
            width = indent;
        } else if is_wide(line, width)
            && let Some(error) = errors.last_mut()
        {
            error.extend(["\n", &line[width..]]);
        } else if line.trim().is_empty()
            && let Some(error) = errors.last_mut()
            && lines.after_empty().is_some_and(|next| is_wide(next, width) && trace_title(next).is_none())
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
fn after_number(line: &str, number: usize) -> Option<(&str, usize)> {
    let text = line.trim_start_matches(' ').strip_prefix(&number.to_string())?.strip_prefix(": ")?;
    let indent = line.len() - text.len();
    (indent >= 6).then_some((text, indent))
}

/// Returns lines that are indented by three or four spaces, without the indentation.
fn indented(lines: &mut Lines<'_>) -> String {
    let width = lines.peek().map_or(0, |line| line.len() - line.trim_start_matches(' ').len()).min(4);
    let mut text: Vec<&str> = Vec::new();
    while let Some(line) = lines.peek() {
        let is_inside = line.trim().is_empty() && lines.after_empty().is_some_and(|next| is_wide(next, width));
        if !is_wide(line, width) && !is_inside {
            break;
        }
        text.push(line.get(width..).unwrap_or_default());
        lines.next();
    }
    text.join("\n")
}

fn is_wide(line: &str, width: usize) -> bool {
    width > 0 && line.len() > width && line.bytes().take(width).all(|byte| byte == b' ')
}

fn is_indented(text: &str) -> bool {
    text.starts_with("   ")
}

/// Parses `src/main.rs:12:5`.
fn location(text: &str) -> Option<(String, u32)> {
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
struct Lines<'a> {
    rest: Option<&'a str>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Lines { rest: Some(text) }
    }

    fn peek(&self) -> Option<&'a str> {
        self.rest.map(|rest| rest.split('\n').next().unwrap_or_default())
    }

    /// Returns the next line that is not empty.
    fn after_empty(&self) -> Option<&'a str> {
        self.rest?.split('\n').find(|line| !line.trim().is_empty())
    }

    fn rest(&mut self) -> &'a str {
        self.rest.take().unwrap_or_default()
    }
}

impl<'a> Iterator for Lines<'a> {
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
    fn texts_that_are_no_reports_stay_whole() {
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
    fn backtraces_and_locations_are_parts_of_their_own() {
        let text = "called `Result::unwrap()` on an `Err` value: flow failed\n\nCaused by:\n    no pivot\n    in row 3\n\n\
                    Location:\n    src/main.rs:12:5\n\nStack backtrace:\n   0: a::b\n             at ./src/a.rs:3:1\n";
        let report = ParsedReport::parse(text).unwrap();
        assert_eq!(report.errors, ["called `Result::unwrap()` on an `Err` value: flow failed", "no pivot\nin row 3"]);
        assert_eq!(report.location, Some(("src/main.rs".to_owned(), 12)));
        assert_eq!(report.backtrace.as_deref(), Some("   0: a::b\n             at ./src/a.rs:3:1"));
        assert_eq!(location("C:\\a\\b.rs:7"), Some(("C:\\a\\b.rs".to_owned(), 7)));
        assert_eq!(location("no place"), None);
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
        fn every_chain_of_anyhow_is_read_back(
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
        fn any_text_can_be_taken_apart(text in "(\n| {0,8}|[0-9]: |Caused by:|Location:|Stack backtrace:|━━ BACKTRACE ━━|Note: |é|x){0,24}") {
            ParsedReport::parse(&text);
        }
    }
}

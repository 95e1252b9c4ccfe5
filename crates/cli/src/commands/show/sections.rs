//! The sections of a record. Empty sections are omitted.

use std::io::Write;

use ::corpus::Region;
use anyhow::Result;
use record::{ErrorEntry, Failure, Map, Origin, Relation, Resolution, SpanEntry, Suggestion, Value};

use crate::records::RecordEntry;
use crate::screen::{
    Screen, duration, local_time, one_line, paint, parameter, path_text, place_of, visible, width, wrap,
};

/// The directory in which the program ran. Paths are shown relative to it.
pub(super) fn working_dir(failure: &Failure) -> Option<&str> {
    failure.context.process.as_ref()?.cwd.as_deref()
}

pub(super) fn write_title(text: &str, screen: &mut Screen) -> Result<()> {
    let title = screen.paint(paint::STRONG, text);
    Ok(writeln!(screen, "\n{title}")?)
}

/// Writes names and values in two columns. The lines of a value stay in their column.
fn write_pairs(pairs: &[(&str, String)], indent: &str, screen: &mut Screen) -> Result<()> {
    let widest = pairs.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    for (name, text) in pairs {
        let name = one_line(name);
        let space = " ".repeat(widest.saturating_sub(width(&name)));
        let name = screen.paint(paint::NAME, &name);
        let text = visible(text).replace('\n', &format!("\n{indent}{:widest$}  ", ""));
        writeln!(screen, "{indent}{name}{space}  {text}")?;
    }
    Ok(())
}

fn map_pairs(map: &Map) -> Vec<(&str, String)> {
    map.iter().map(|(name, value)| (name, parameter(value))).collect()
}

/// Writes computation, theoretical reference, error, time and category.
pub(super) fn write_head(failure: &Failure, screen: &mut Screen) -> Result<()> {
    let by = match failure.theoretical_ref.as_str() {
        "" => String::new(),
        reference => format!(", by {}", one_line(reference)),
    };
    let computation = screen.paint(paint::STRONG, &one_line(&failure.computation));
    let error_type = screen.paint(paint::ERROR, &one_line(&failure.error_type));
    writeln!(screen, "{computation} failed{by}")?;
    writeln!(screen, "{error_type}: {}", visible(&failure.error_message))?;
    let context = &failure.context;
    let kind = context.category.map(|category| screen.paint(paint::KIND, category.name()));
    let reason = context.reason.as_deref().map(|reason| one_line(reason).into_owned());
    let elapsed = context.elapsed_s.map(|elapsed| format!("after {}", duration(elapsed)));
    let known = [Some(local_time(failure.timestamp)), elapsed, kind, reason];
    Ok(writeln!(screen, "{}", known.into_iter().flatten().collect::<Vec<_>>().join(" · "))?)
}

/// Returns true if the error has data or notes, which the head does not show.
fn has_details(error: &ErrorEntry) -> bool {
    error.data.as_ref().is_some_and(|data| !is_empty(data)) || !error.notes.is_empty()
}

/// Writes the chain of errors, unless the head already shows all of it.
pub(super) fn write_errors(failure: &Failure, screen: &mut Screen) -> Result<()> {
    let errors = &failure.context.errors;
    if errors.len() < 2 && !errors.iter().any(has_details) {
        return Ok(());
    }
    write_title("Errors", screen)?;
    for (depth, error) in errors.iter().enumerate() {
        let before = match error.relation {
            _ if depth == 0 => "",
            Some(Relation::Context) => "raised while handling ",
            Some(Relation::Member) => "with ",
            _ => "caused by ",
        };
        let name = screen.paint(paint::ERROR, &one_line(&name_of(error)));
        // The head shows this message.
        let message = if error.message == failure.error_message {
            String::new()
        } else {
            format!(": {}", visible(&error.message).replace('\n', "\n    "))
        };
        writeln!(screen, "  {before}{name}{message}")?;
        match &error.data {
            Some(Value::Map(data)) => write_pairs(&map_pairs(data), "    ", screen)?,
            Some(data) if !is_empty(data) => writeln!(screen, "    {}", parameter(data))?,
            _ => {}
        }
        for note in &error.notes {
            writeln!(screen, "    {}", visible(note).replace('\n', "\n    "))?;
        }
    }
    if failure.context.errors_cut {
        writeln!(screen, "  … and more")?;
    }
    Ok(())
}

/// The type name, with the variant if the type is an enum.
fn name_of(error: &ErrorEntry) -> String {
    let name = error.type_name.as_deref().unwrap_or("error");
    match &error.variant {
        Some(variant) if !name.ends_with(variant.as_str()) => format!("{name}::{variant}"),
        _ => name.to_owned(),
    }
}

fn is_empty(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Map(map) => map.is_empty(),
        Value::List(list) => list.is_empty(),
        _ => false,
    }
}

pub(super) fn write_parameters(failure: &Failure, screen: &mut Screen) -> Result<()> {
    if failure.parameters.is_empty() {
        return Ok(());
    }
    write_title("Parameters", screen)?;
    write_pairs(&map_pairs(&failure.parameters), "  ", screen)
}

/// Writes the fields of the event that reported the failure.
pub(super) fn write_event_fields(failure: &Failure, screen: &mut Screen) -> Result<()> {
    if failure.context.event.is_empty() {
        return Ok(());
    }
    write_title("Event fields", screen)?;
    write_pairs(&map_pairs(&failure.context.event), "  ", screen)
}

/// Writes the spans around the failure, each with the fields that no other section shows.
pub(super) fn write_spans(failure: &Failure, screen: &mut Screen) -> Result<()> {
    let spans = &failure.context.spans;
    if spans.is_empty() {
        return Ok(());
    }
    write_title("Spans, innermost first", screen)?;
    for span in spans {
        let name = screen.paint(paint::NAME, &one_line(&span.name));
        let place = screen.paint(paint::FAINT, &place_of(span.file.as_deref(), span.line, working_dir(failure)));
        writeln!(screen, "  {name}  {place}")?;
        let fields: Vec<(&str, String)> = span
            .fields
            .iter()
            .filter(|field| is_unique_field(field, failure))
            .map(|(name, value)| (name, parameter(value)))
            .collect();
        for (name, value) in fields {
            writeln!(screen, "    {} {value}", one_line(name))?;
        }
        write_follows_from(span, screen)?;
    }
    Ok(())
}

fn write_follows_from(span: &SpanEntry, screen: &mut Screen) -> Result<()> {
    for other in &span.follows_from {
        writeln!(screen, "    follows from {}", one_line(other))?;
    }
    Ok(())
}

/// Returns true if no other section shows this field of a span.
fn is_unique_field((name, value): &(&str, &Value), failure: &Failure) -> bool {
    let shown = match *name {
        "computation" => Some(failure.computation.as_str().into()),
        "theoretical_ref" => Some(failure.theoretical_ref.as_str().into()),
        name => failure.parameters.get(name).cloned(),
    };
    shown.as_ref() != Some(*value)
}

pub(super) fn write_breadcrumbs(failure: &Failure, screen: &mut Screen) -> Result<()> {
    let breadcrumbs = &failure.context.breadcrumbs;
    if breadcrumbs.is_empty() {
        return Ok(());
    }
    write_title("Breadcrumbs", screen)?;
    for breadcrumb in breadcrumbs {
        let (at, level) = (duration(breadcrumb.elapsed_s), one_line(&breadcrumb.level));
        writeln!(screen, "  {at:>9}  {level:5}  {}", one_line(&breadcrumb.message))?;
    }
    Ok(())
}

/// Writes the fix, if it is known, and the suggestions.
/// Writes the failing region that contains the failure, unless it is a suggestion of the record.
pub(super) fn write_region(region: Option<&Region>, failure: &Failure, screen: &mut Screen) -> Result<()> {
    let is_suggestion =
        failure.context.suggestions.iter().any(|suggestion| suggestion.rule.as_deref() == Some("region"));
    let Some(region) = region.filter(|_| !is_suggestion) else { return Ok(()) };
    write_title("Where runs fail", screen)?;
    writeln!(screen, "  {}", wrap(&one_line(&region.sentence()), screen.width, "  "))?;
    Ok(())
}

pub(super) fn write_suggestions(failure: &Failure, earlier_fixes: &[Resolution], screen: &mut Screen) -> Result<()> {
    if let Some(resolution) = &failure.context.resolution {
        write_title("Fix", screen)?;
        writeln!(screen, "  {}", wrap(&resolution.fix, screen.width, "  "))?;
    }
    let is_new = |fix: &&Resolution| {
        let is_current_fix = failure.context.resolution.as_ref().is_some_and(|current| current.fix == fix.fix);
        !is_current_fix && !failure.suggested_fixes.contains(&fix.fix)
    };
    if let Some(earlier_fix) = earlier_fixes.iter().find(is_new) {
        write_title("Fix of the same failure in another run", screen)?;
        writeln!(screen, "  {}", wrap(&earlier_fix.fix, screen.width, "  "))?;
    }
    if failure.suggested_fixes.is_empty() {
        return Ok(());
    }
    write_title("Suggestions", screen)?;
    for (number, fix) in failure.suggested_fixes.iter().enumerate() {
        let number = screen.paint(paint::GOOD, &format!("{}.", number + 1));
        writeln!(screen, "  {number} {}", wrap(fix, screen.width, "     "))?;
        let known = failure.context.suggestions.iter().find(|suggestion| suggestion.fix == *fix);
        if let Some(known) = known {
            if let Some(code) = &known.code {
                writeln!(screen, "\n         {}\n", wrap(code, None, "         "))?;
            }
            writeln!(screen, "     {}", screen.paint(paint::FAINT, &origin_text(known)))?;
        }
    }
    Ok(())
}

/// The source of a suggestion and its confidence.
fn origin_text(suggestion: &Suggestion) -> String {
    let when = suggestion.time.map(|time| format!(" on {}", local_time(time))).unwrap_or_default();
    let source = match suggestion.origin {
        Origin::Author => "the author of the error".to_owned(),
        Origin::Resolution => format!("fix of an earlier failure{when}"),
        Origin::Model => {
            let model = suggestion.model.as_deref().unwrap_or("a model");
            let provider = suggestion.provider.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
            format!("{model}{provider}{when}")
        }
        _ => suggestion.source.as_deref().or(suggestion.rule.as_deref()).unwrap_or("of unknown origin").to_owned(),
    };
    let confidence =
        suggestion.confidence.map(|confidence| format!("{} confidence · ", confidence.name())).unwrap_or_default();
    one_line(&format!("{confidence}{source}")).into_owned()
}

/// Writes the file, the ids and the run of the record.
pub(super) fn write_origin(record: &RecordEntry, screen: &mut Screen) -> Result<()> {
    let context = &record.failure.context;
    write_title("Record", screen)?;
    let mut known: Vec<(&str, String)> = vec![("file", path_text(&record.path))];
    let mut add = |name, text: Option<String>| known.extend(text.map(|text| (name, text)));
    add("id", context.id.map(|id| id.to_string()));
    add("caused by", context.caused_by.map(|id| format!("{id}: failures show {id}")));
    add("fingerprint", context.fingerprint.clone());
    add("session", context.session_id.clone());
    add("thread", context.thread.clone());
    add(
        "rank",
        context.rank.map(|rank| match context.world_size {
            Some(size) => format!("{rank} of {size}"),
            None => rank.to_string(),
        }),
    );
    add("job", context.job_id.clone());
    add("notebook", context.notebook.clone());
    add("cell", context.cell_number.map(|cell| cell.to_string()));
    if let Some(process) = &context.process {
        let host = process.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
        add("process", Some(format!("{}{host}: {}", process.pid, process.argv.join(" "))));
        add("directory", process.cwd.clone());
    }
    if let Some(build) = &context.build {
        let parts = [&build.package, &build.version, &build.profile, &build.git_commit];
        add("build", Some(parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")));
    }
    known.extend(map_pairs(&context.other));
    write_pairs(&known, "  ", screen)
}

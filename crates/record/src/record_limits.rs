//! Applies the limits to a whole record, whatever the source of its parts: a call, an environment variable, a command
//! line.

use std::borrow::Cow;

use crate::failure::{ErrorEntry, Failure};
use crate::value::{Limits, Map, Value};
use text::shorten;

/// Maximum length of a name of a computation, a thread or a job.
const MAX_NAME_BYTES: usize = 1024;

/// Maximum length of the mark in a shortened text, by which the text may exceed its limit.
const MAX_MARK_BYTES: usize = 64;

/// Summarises and shortens the parts of a record that exceed the limits.
pub fn apply_limits(failure: &mut Failure, limits: &Limits) {
    let Failure { computation, theoretical_ref, error_type, error_message, parameters, stack_trace, context, .. } =
        failure;
    for text in [computation, error_type] {
        limit_text(text, MAX_NAME_BYTES);
    }
    for text in [theoretical_ref, error_message] {
        limit_text(text, limits.text);
    }
    // The limit of the stack trace depends on the number of frames.
    limit_text(stack_trace, limits.text.max(limits.frames.saturating_mul(MAX_NAME_BYTES)));
    let names =
        [&mut context.reason, &mut context.thread, &mut context.session_id, &mut context.job_id, &mut context.notebook];
    names.into_iter().flatten().for_each(|text| limit_text(text, MAX_NAME_BYTES));
    for map in [parameters, &mut context.event, &mut context.other] {
        limit_map(map, limits);
    }
    context.errors_cut |= context.errors.len() > limits.errors;
    context.errors.truncate(limits.errors);
    context.errors.iter_mut().for_each(|error| limit_error(error, limits));
    context.spans.truncate(limits.spans);
    for span in &mut context.spans {
        limit_map(&mut span.fields, limits);
        span.follows_from.truncate(limits.spans);
    }
    context.frames.truncate(limits.frames);
    for frame in &mut context.frames {
        limit_static_name(&mut frame.function);
        frame.file.as_mut().into_iter().for_each(limit_static_name);
    }
    context.breadcrumbs.iter_mut().for_each(|breadcrumb| limit_text(&mut breadcrumb.message, limits.text));
}

/// Shortens a command line to its beginning and its end, with the number of omitted words between them.
pub fn shorten_command_line(words: Vec<String>, limits: &Limits) -> Vec<String> {
    let words: Vec<String> = words.into_iter().map(|word| shorten(&word, MAX_NAME_BYTES).into_owned()).collect();
    let head = count_fitting(words.iter(), limits.array, limits.text / 4 * 3);
    if head == words.len() {
        return words;
    }
    let head = head.min(limits.array / 4 * 3);
    let tail = count_fitting(words[head..].iter().rev(), limits.array / 4, limits.text / 4);
    let gone = words.len() - head - tail;
    if gone == 0 {
        return words;
    }
    let mut shortened = words[..head].to_vec();
    shortened.push(format!("… [{gone} words left out] …"));
    shortened.extend_from_slice(&words[words.len() - tail..]);
    shortened
}

/// Returns how many of the first words fit into the limits, with one separator per word.
fn count_fitting<'a>(words: impl Iterator<Item = &'a String>, max_words: usize, max_bytes: usize) -> usize {
    let mut used = 0;
    words
        .take(max_words)
        .take_while(|word| {
            used += word.len() + 1;
            used <= max_bytes
        })
        .count()
}

/// Shortens a name from the environment.
pub fn shorten_name(text: String) -> String {
    shorten(&text, MAX_NAME_BYTES).into_owned()
}

fn limit_error(error: &mut ErrorEntry, limits: &Limits) {
    limit_text(&mut error.message, limits.text);
    [&mut error.type_name, &mut error.variant].into_iter().flatten().for_each(|text| limit_text(text, MAX_NAME_BYTES));
    error.backtrace.as_mut().into_iter().for_each(|text| limit_text(text, limits.text));
    error.notes.truncate(limits.errors);
    error.notes.iter_mut().for_each(|text| limit_text(text, limits.text));
    if let Some(data) = &mut error.data {
        limit_value(data, limits);
    }
}

fn limit_static_name(text: &mut Cow<'static, str>) {
    if text.len() > MAX_NAME_BYTES + MAX_MARK_BYTES {
        *text = shorten(text, MAX_NAME_BYTES).into_owned().into();
    }
}

fn limit_text(text: &mut String, max_bytes: usize) {
    if text.len() > max_bytes.saturating_add(MAX_MARK_BYTES) {
        *text = shorten(text, max_bytes).into_owned();
    }
}

fn limit_map(map: &mut Map, limits: &Limits) {
    if map.len() > limits.array + 1 {
        let gone = map.len() - limits.array;
        *map = map.entries().take(limits.array).map(|(name, value)| (name.clone(), value.clone())).collect();
        map.insert_omission(gone);
    }
    map.iter_mut().for_each(|(_, value)| limit_value(value, limits));
}

fn limit_value(value: &mut Value, limits: &Limits) {
    if !is_within(value, limits, limits.depth) {
        *value = Value::from_serialize_within(value, limits).unwrap_or_else(|error| error.to_string().into());
    }
}

fn is_within(value: &Value, limits: &Limits, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match value {
        Value::String(text) => text.len() <= limits.text.saturating_add(MAX_MARK_BYTES),
        Value::List(list) => {
            count_leaves(list, depth) <= limits.array && list.iter().all(|value| is_within(value, limits, depth))
        }
        Value::Map(map) => {
            map.len() <= limits.array + 1 && map.iter().all(|(_, value)| is_within(value, limits, depth))
        }
        _ => true,
    }
}

/// Counts the entries of nested lists.
fn count_leaves(list: &[Value], depth: usize) -> usize {
    let counts = list.iter().map(|value| match (value, depth.checked_sub(1)) {
        (Value::List(inner), Some(depth)) => count_leaves(inner, depth),
        _ => 1,
    });
    counts.sum::<usize>().max(list.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::tests::any_value;

    #[test]
    fn a_command_line_keeps_both_ends() {
        let limits = Limits::default();
        let short: Vec<String> = (0..200).map(|n| format!("{n}.dat")).collect();
        assert_eq!(shorten_command_line(short.clone(), &limits), short);
        let long: Vec<String> = (0..40_000).map(|n| format!("{n}.dat")).collect();
        let limited = shorten_command_line(long, &limits);
        assert_eq!((limited[0].as_str(), limited.last().unwrap().as_str()), ("0.dat", "39999.dat"));
        assert!(limited.iter().any(|word| word == "… [39744 words left out] …"), "{limited:?}");
        let limited = shorten_command_line(vec!["x".repeat(1 << 20); 500], &limits);
        assert!(limited.iter().map(String::len).sum::<usize>() < 20_000);
    }

    #[test]
    fn values_over_the_limits_are_summarised() {
        let limits = Limits::default();
        let mut failure = Failure::new("c".repeat(5000), "r", "E", "m".repeat(1 << 20));
        failure.parameters.insert("x", vec![0.5; 100_000]);
        failure.parameters.insert("text", "t".repeat(1 << 20));
        let many = (0..2000).map(|n| (format!("k{n}"), n));
        failure.context.other.insert("map", many.clone().collect::<Map>());
        failure.context.event = many.collect();
        apply_limits(&mut failure, &limits);
        assert_eq!(failure.parameters.get("x").unwrap().get("length"), Some(&100_000.into()));
        assert_eq!(failure.context.event.get("…"), Some(&"[1744 entries left out]".into()));
        assert!(failure.to_json().len() < 100_000, "{}", failure.to_json().len());
    }

    proptest! {
        #[test]
        fn values_within_the_limits_are_unchanged(value in any_value()) {
            let mut limited = value.clone();
            limit_value(&mut limited, &Limits::default());
            prop_assert_eq!(limited, value);
        }
    }
}

//! Redaction of secrets, home directories and host names.

use std::ffi::OsString;

use record::{Failure, redact_text as redact_secrets};
use serde_json::Value;

/// Directories that contain home directories, in lower case. Backslashes may be escaped in a text; the longer forms
/// come first, since they contain the shorter ones.
const HOME_PARENTS: &[&str] = &["/home/", "/users/", "\\\\\\\\users\\\\\\\\", "\\\\users\\\\", "\\users\\"];
/// The home directory of the superuser.
const SUPERUSER_HOME: &str = "/root";
/// Minimum length of a home directory. A shorter one, such as `/`, is part of too many paths.
const MIN_HOME_BYTES: usize = 4;
/// Minimum length of a host name. Shorter names are part of too many words.
const MIN_NAME_BYTES: usize = 2;

/// Redacts each text of the record before it becomes JSON, which escapes backslashes.
pub(super) fn redact_record(failure: &Failure, host_names: &[String]) -> Failure {
    let mut clean = failure.clone();
    clean.redact();
    let Ok(mut record) = serde_json::to_value(&clean) else { return clean };
    redact_strings(&mut record, host_names);
    // Conversion fails only if a redacted text does not fit its type.
    serde_json::from_value(record).unwrap_or(clean)
}

fn redact_strings(value: &mut Value, host_names: &[String]) {
    match value {
        Value::String(text) => *text = redact_text(text, host_names),
        Value::Array(list) => list.iter_mut().for_each(|value| redact_strings(value, host_names)),
        Value::Object(map) => {
            let entries = std::mem::take(map).into_iter().map(|(name, mut value)| {
                redact_strings(&mut value, host_names);
                (redact_text(&name, host_names), value)
            });
            *map = entries.collect();
        }
        _ => {}
    }
}

/// Redacts secrets, home directories with their owners, and the names of these hosts.
pub(super) fn redact_text(text: &str, host_names: &[String]) -> String {
    let text = redact_secrets(text).into_owned();
    let homes = [std::env::var_os("HOME"), std::env::var_os("USERPROFILE")];
    let homes = homes.into_iter().flatten().filter_map(|home: OsString| home.into_string().ok());
    let homes: Vec<String> = homes.flat_map(|home| [home.replace('\\', "\\\\"), home]).collect();
    let lines = text.split('\n').map(|line| {
        let homes = homes.iter().filter(|home| home.len() >= MIN_HOME_BYTES);
        let line = homes.fold(line.to_owned(), |line, home| replace_dir(&line, home));
        let line = replace_homes(&line);
        host_names.iter().fold(line, |line, host| replace_word(&line, host, "[host]"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The full and short names of the record's host, other hosts, and this machine.
pub(super) fn host_names<'h>(failure: &Failure, others: impl Iterator<Item = &'h str>) -> Vec<String> {
    let recorded = failure.context.process.as_ref().and_then(|process| process.host.clone());
    let recorded = recorded.into_iter().chain(others.map(str::to_owned));
    let here = std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    let full: Vec<String> = recorded.chain(here).collect();
    let short = full.iter().filter_map(|name| name.split('.').next().map(str::to_owned));
    let mut names: Vec<String> =
        full.iter().cloned().chain(short).filter(|name| name.len() >= MIN_NAME_BYTES).collect();
    // Longest first, because a short name may be part of a long one.
    names.sort_by(|a, b| (b.len(), a).cmp(&(a.len(), b)));
    names.dedup();
    names
}

/// Replaces a word that is not part of another word, ignoring case.
fn replace_word(text: &str, word: &str, by: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let (lower, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let mut clean = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, found) in lower.match_indices(&word) {
        let end = at + found.len();
        let is_whole_word = !text[..at].ends_with(is_part) && !text[end..].starts_with(is_part);
        if is_whole_word && at >= copied {
            clean.push_str(&text[copied..at]);
            clean.push_str(by);
            copied = end;
        }
    }
    clean + &text[copied..]
}

/// Returns `~/data` for `/home/ada/data`, `/export/home/ada/data` and `C:\Users\ada\data`.
fn replace_homes(line: &str) -> String {
    let line = replace_dir(line, SUPERUSER_HOME);
    HOME_PARENTS
        .iter()
        .fold(line, |line, homes| replace_paths_to(&line, homes, |_, rest| Some(owner_length(rest, homes))))
}

/// The length of the owner's name at the start of a path. On Windows it may contain spaces.
fn owner_length(rest: &str, homes: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let word = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let next_separator = if homes.starts_with('\\') { rest.find('\\') } else { None };
    let full = next_separator.unwrap_or(word);
    let is_name = rest[..full].chars().all(|c| is_part(c) || c == ' ') && !rest[..full].ends_with(' ');
    if is_name { full } else { word }
}

/// Returns `~/data` for `/root/data`, but not for `/rootfs` or `/mnt/root`.
fn replace_dir(line: &str, dir: &str) -> String {
    let is_end = |rest: &str| !rest.starts_with(|c: char| is_path_char(c) && c != '/' && c != '\\');
    replace_paths_to(line, &dir.to_ascii_lowercase(), |before, rest| {
        (path_start(before) == before.len() && is_end(rest)).then_some(0)
    })
}

/// Replaces each path up to `dir` with `~`. `more` receives the text before and after `dir` and returns the number of
/// bytes after it that are also replaced, or `None` if it is another directory.
fn replace_paths_to(line: &str, dir: &str, more: impl Fn(&str, &str) -> Option<usize>) -> String {
    let lower = line.to_ascii_lowercase();
    let mut clean = String::with_capacity(line.len());
    let mut copied = 0;
    for (at, found) in lower.match_indices(dir) {
        let end = at + found.len();
        let Some(more) = (at >= copied).then(|| more(&line[copied..at], &line[end..])).flatten() else { continue };
        clean.push_str(&line[copied..copied + path_start(&line[copied..at])]);
        clean.push('~');
        copied = end + more;
    }
    clean + &line[copied..]
}

/// The start of the path at the end of a text.
fn path_start(text: &str) -> usize {
    text.char_indices().rev().find(|(_, c)| !is_path_char(*c)).map_or(0, |(at, c)| at + c.len_utf8())
}

fn is_path_char(c: char) -> bool {
    c.is_alphanumeric() || "._-/\\:".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_and_secrets_are_hidden_line_by_line() {
        let failure = Failure::new("c", "r", "E", "m");
        for (text, hidden) in [
            ("at /home/ada.l/src/a.rs and /Users/bo/x", "at ~/src/a.rs and ~/x"),
            ("(/export/home/ada/y)", "(~/y)"),
            ("/root/.ssh/x, D:\\Users\\bob\\y, /rootfs/z, /mnt/root/z", "~/.ssh/x, ~\\y, /rootfs/z, /mnt/root/z"),
            ("a\npostgres://me:hunter2@db/x\n\nrtol: 1e-6", "a\npostgres://[redacted]@db/x\n\nrtol: 1e-6"),
            ("é /home/é/x", "é ~/x"),
            ("C:\\Users\\ada\\x.py", "~\\x.py"),
            ("C:\\Users\\Ada Lovelace\\x.py", "~\\x.py"),
            (r#"{"data": "C:\\Users\\ada\\x.py"}"#, r#"{"data": "~\\x.py"}"#),
            ("in C:\\Users\\ada and D:\\x", "in ~ and D:\\x"),
        ] {
            assert_eq!(redact_text(text, &host_names(&failure, [].into_iter())), hidden);
        }
    }

    #[test]
    fn separate_host_names_are_hidden() {
        let json = Failure::new("c", "r", "E", "m").to_json();
        let json = json.replace("\"context\": {}", "\"context\": {\"process\": {\"host\": \"node7.cluster.edu\"}}");
        let failure = Failure::from_json(&json).unwrap();
        let host_names = host_names(&failure, ["login1.cluster.edu"].into_iter());
        let hidden = redact_text("on NODE7.cluster.edu, node7, login1 and node77", &host_names);
        assert_eq!(hidden, "on [host], [host], [host] and node77");
    }
}

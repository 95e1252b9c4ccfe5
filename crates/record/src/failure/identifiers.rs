//! Finds the parts of a message that differ between runs of one program: ids, hashes, times, temporary paths and task
//! numbers.

/// Words before a number that identifies a task, a thread or a run, not a property of the problem.
const NUMBERED_WORDS: &[&str] = &[
    "task",
    "thread",
    "worker",
    "job",
    "process",
    "proc",
    "pid",
    "ppid",
    "tid",
    "id",
    "session",
    "request",
    "connection",
    "port",
    "attempt",
    "run",
    "seed",
];

/// Directories that contain generated names.
const TEMPORARY_DIRECTORIES: &[&str] = &["tmp", "temp", "shm", "folders"];

/// Replaces identifiers in a message with placeholders. Numbers that describe the problem stay.
pub(super) fn without_identifiers(message: &str) -> String {
    let mut plain = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(c) = rest.chars().next() {
        let found = if starts_word(&plain) { identifier(rest) } else { None };
        let found = found.or_else(|| numbered(&plain, rest));
        let length = match found {
            Some((length, placeholder)) => {
                plain.push_str(placeholder);
                length
            }
            None => {
                plain.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    plain
}

fn starts_word(before: &str) -> bool {
    !before.ends_with(char::is_alphanumeric)
}

/// Returns the length and the placeholder of the identifier at the start of a text.
fn identifier(text: &str) -> Option<(usize, &'static str)> {
    temporary_directory(text)
        .or_else(|| Some((uuid(text)?, "<id>")))
        .or_else(|| Some((time(text)?, "<time>")))
        .or_else(|| Some((hash(text)?, "<hash>")))
}

/// `worker 3`, `thread-7`, `ThreadId(14)`, `job_18231`.
fn numbered(before: &str, text: &str) -> Option<(usize, &'static str)> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) || before.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let length = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let after = &text[length..];
    let is_fraction = after.strip_prefix('.').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    if is_fraction || after.starts_with(char::is_alphabetic) {
        return None;
    }
    let words = before.trim_end_matches([' ', '=', ':', '#', '_', '-', '(', '/', '"', '\'', '`']);
    let start = words
        .rfind(|c: char| !c.is_alphabetic())
        .map_or(0, |at| at + words[at..].chars().next().map_or(1, char::len_utf8));
    let word = &words[start..];
    // `run(3)` is a call, `ThreadId(3)` is text of `Debug`.
    let is_call = before[words.len()..].contains('(') && !word.starts_with(char::is_uppercase);
    // `TaskId` ends in the word `id`, `grid` does not.
    let is_upper_case = word.chars().all(char::is_uppercase);
    let last = if is_upper_case { 0 } else { word.rfind(|c: char| c.is_uppercase()).unwrap_or(0) };
    (!is_call && NUMBERED_WORDS.contains(&word[last..].to_lowercase().as_str())).then_some((length, "<n>"))
}

/// Returns the length of a temporary path up to the file name. The file name stays, unless it is generated as well.
fn temporary_directory(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let has_drive = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && b"\\/".contains(&bytes[2]);
    if bytes.first() != Some(&b'/') && !has_drive {
        return None;
    }
    let end = text.find(|c: char| c.is_whitespace() || "\"'`,;()<>[]{}|\u{201d}\u{2019}".contains(c));
    let path = text[..end.unwrap_or(text.len())].trim_end_matches(['.', ':', '!', '?']);
    let is_separator = |c: char| c == '/' || c == '\\';
    let components: Vec<&str> = path.split(is_separator).filter(|part| !part.is_empty()).collect();
    let place = components.iter().position(|part| is_temporary_directory(part))?;
    let below = &components[place + 1..];
    let name = below.last().copied().unwrap_or_default();
    let is_generated = name.starts_with("tmp")
        || name.starts_with(".tmp")
        || (below.len() == 1 && !components[place].starts_with(".tmp") && name.contains(|c: char| c.is_ascii_digit()));
    if name.is_empty() || is_generated || path.ends_with(is_separator) {
        return Some((path.len(), "<tmp>"));
    }
    Some((path.len() - name.len(), "<tmp>/"))
}

fn is_temporary_directory(name: &str) -> bool {
    TEMPORARY_DIRECTORIES.contains(&name.to_lowercase().as_str()) || name.starts_with(".tmp")
}

fn uuid(text: &str) -> Option<usize> {
    const UUID_BYTES: usize = 36;
    let id = text.as_bytes().get(..UUID_BYTES)?;
    let is_id = id.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    (is_id && !text[UUID_BYTES..].starts_with(char::is_alphanumeric)).then_some(UUID_BYTES)
}

/// `2025-12-27`, `2025-12-27T04:30:00.123Z`, `04:30:00`, `20251227T043000Z`.
fn time(text: &str) -> Option<usize> {
    let day = ["dddd-dd-dd", "dddd/dd/dd"].iter().find_map(|pattern| matches(text, pattern));
    let compact = matches(text, "dddddddd").filter(|&end| text[end..].starts_with(['T', '_']));
    let end = match day.or(compact) {
        Some(day) if text[day..].starts_with(['T', 't', ' ', '_']) => end_of_clock_time(text, day + 1)
            .or_else(|| Some(day + 1 + matches(&text[day + 1..], "dd:dd")?))
            .unwrap_or(day),
        Some(day) => day,
        None if text.as_bytes().get(2) == Some(&b':') => end_of_clock_time(text, 0)?,
        None => return None,
    };
    let zone = ["Z", " UTC", "+dd:dd", "-dd:dd", "+dddd", "-dddd"].iter().find_map(|zone| matches(&text[end..], zone));
    let end = end + zone.unwrap_or(0);
    (!text[end..].starts_with(char::is_alphanumeric)).then_some(end)
}

/// Returns the end of the time of day that starts here: `04:30:00.123`.
fn end_of_clock_time(text: &str, start: usize) -> Option<usize> {
    let length = ["dd:dd:dd", "dd-dd-dd", "dddddd"].iter().find_map(|pattern| matches(&text[start..], pattern))?;
    let end = start + length;
    let fraction = text[end..].strip_prefix(['.', ',']).map_or(0, digits);
    Some(end + if fraction > 0 { 1 + fraction } else { 0 })
}

/// Returns the length of the pattern if the text starts with it. `d` matches a digit.
fn matches(text: &str, pattern: &str) -> Option<usize> {
    let bytes = text.as_bytes().get(..pattern.len())?;
    let mut pairs = bytes.iter().zip(pattern.bytes());
    let fits = pairs.all(|(byte, wanted)| if wanted == b'd' { byte.is_ascii_digit() } else { *byte == wanted });
    fits.then_some(pattern.len())
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Returns the length of a hash: seven or more hexadecimal digits that are neither a number nor a word, or a long word
/// with many digits.
fn hash(text: &str) -> Option<usize> {
    let length = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let word = &text[..length];
    let has_both = word.contains(|c: char| c.is_ascii_digit()) && word.contains(|c: char| c.is_ascii_alphabetic());
    let is_number = word.parse::<f64>().is_ok_and(f64::is_finite);
    let is_hex = length >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups_of_digits = word.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).count();
    let is_long = length >= 20 && groups_of_digits >= 3;
    (has_both && !is_number && (is_hex || is_long)).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fingerprint::template;

    #[test]
    fn identifiers_of_a_run_are_ignored() {
        for (a, b) in [
            ("run 01a22cde-14df-7051-8673-c7a33844ba07 failed", "run 0b1d2f3a-0000-4000-8000-ffffffffffff failed"),
            ("cannot open /tmp/.tmpZEUhUi/couplings.csv", "cannot open /tmp/.tmpa8Kf2x/couplings.csv"),
            ("cannot open '/tmp/tmp8x2k/a/b.h5'.", "cannot open '/var/folders/zz/q9/T/tmp1/b.h5'."),
            ("no space in /tmp/solver-18231", "no space in /tmp/solver-77"),
            (
                r"cannot open C:\Users\ada\AppData\Local\Temp\x1\b.h5",
                r"cannot open C:\Users\bob\AppData\Local\Temp\y\b.h5",
            ),
            ("stale since 2025-12-27T04:30:00.123Z", "stale since 2026-01-02T23:59:59Z"),
            ("stale since 2025-12-27", "stale since 2026-01-02"),
            ("at 04:30:00 no answer", "at 23:59:59.5 no answer"),
            ("checkpoint 20251227T043000Z is corrupt", "checkpoint 20260102T235959Z is corrupt"),
            ("commit 61e9540 has no table", "commit 72225ab has no table"),
            (
                "object e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 is gone",
                "object 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 is gone",
            ),
            ("blob 01J9ZK3N5V8QW2X4Y6A7B8C9D0 is gone", "blob 01K0ZK3N5V8QW2X4Y6A7B8C9D1 is gone"),
            ("flow_20251227T043000Z_01a22cde.h5 is gone", "flow_20260102T235959Z_7e38bf4c.h5 is gone"),
            ("task 3 panicked", "task 17 panicked"),
            ("task #3 panicked", "task #4 panicked"),
            ("worker-3 timed out", "worker-12 timed out"),
            ("worker3 timed out", "worker4 timed out"),
            ("thread 'main' of ThreadId(4)", "thread 'main' of ThreadId(19)"),
            ("job_18231 was cancelled", "job_9 was cancelled"),
            ("process 4021 died", "process 17 died"),
            ("PID=4 died", "PID=40211 died"),
            ("cannot read /proc/4/maps", "cannot read /proc/40211/maps"),
            ("residual 1e-9 on worker 2", "residual 1.5e-9 on worker 3"),
        ] {
            assert_eq!(template(a), template(b), "{a} | {b}");
        }
    }

    #[test]
    fn values_of_the_problem_are_kept() {
        for (a, b) in [
            ("SU(2) link", "SU(3) link"),
            ("x1 is NaN", "x2 is NaN"),
            ("dimension 2", "dimension 3"),
            ("rank 2 tensor", "rank 3 tensor"),
            ("grid 2 is singular", "grid 3 is singular"),
            ("order 4 is not available", "order 5 is not available"),
            ("the 2s orbital", "the 3s orbital"),
            ("/data/couplings.csv is empty", "/data/masses.csv is empty"),
            ("/tmp/a/couplings.csv is empty", "/tmp/a/masses.csv is empty"),
            ("/tmp/couplings.csv is empty", "/tmp/masses.csv is empty"),
            ("Dopri853 failed", "Dopri851 failed"),
            ("feedback of facade", "feedback of decade"),
            ("task 2D", "task 3D"),
            ("run(2) diverges", "run(3) diverges"),
            ("exit code 1", "exit code 2"),
            ("level 3", "level 4"),
            ("residual 1e-12", "residual 1e-3"),
        ] {
            assert_ne!(template(a), template(b), "{a} | {b}");
        }
    }

    #[test]
    fn a_message_without_identifiers_is_unchanged() {
        for message in [
            "no convergence after 500 iterations: residual 3.2e-3",
            "shapes (3, 4) and (5, 4) do not match",
            "Stopped at x = -9.78391. Step size underflow.",
            "2/3 of 12:30",
            "a:b::c, 1.2.3, 10.5e3 and 5:6",
            "ratio 12:34:5",
        ] {
            assert_eq!(super::without_identifiers(message), message);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_searched(text in "(/tmp/|[a-z0-9.:T-]{0,9}|é|thread |\\PC{0,4}){0,12}") {
            super::without_identifiers(&text);
        }

        #[test]
        fn ids_and_numbers_of_tasks_never_count(
            a in any::<(u128, u32, u64)>(),
            b in any::<(u128, u32, u64)>(),
        ) {
            let message = |(id, task, at): (u128, u32, u64)| {
                let time = chrono::DateTime::from_timestamp((at % 4_000_000_000) as i64, 0).unwrap().to_rfc3339();
                format!("run {} on worker {task}: no table at {time} in /tmp/x{id:x}/t.csv", uuid::Uuid::from_u128(id))
            };
            prop_assert_eq!(template(&message(a)), template(&message(b)));
        }

        #[test]
        fn small_numbers_elsewhere_count(
            before in "(dimension|SU\\(|x|order|row|level|beta =|n_f =)",
            a in 0u8..10,
            b in 0u8..10,
        ) {
            let message = |n: u8| if before.ends_with('(') { format!("{before}{n}) failed") } else { format!("{before} {n} failed") };
            prop_assert_eq!(template(&message(a)) == template(&message(b)), a == b);
        }
    }
}

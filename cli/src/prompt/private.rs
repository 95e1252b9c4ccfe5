//! What stays on this machine: who works on it and what it is called, and what looks like a secret.

use tracing_failure::{Failure, secret_in};

/// A shorter name is part of too many words.
const SHORTEST: usize = 4;

/// The text without home directories, the names of their owners, and the host's name; a line that holds a secret is left out.
pub(super) fn hide(text: &str, failure: &Failure) -> String {
    let process = failure.context.process.as_ref();
    let host = process.and_then(|process| process.host.as_deref()).filter(|host| host.len() >= SHORTEST);
    let line = |line: &str| match secret_in(line) {
        Some(_) => "[redacted]".to_owned(),
        None => {
            let line = ["/home/", "/Users/", "C:\\Users\\"]
                .iter()
                .fold(line.to_owned(), |line, homes| without_owner(&line, homes));
            host.map_or(line.clone(), |host| line.replace(host, "[host]"))
        }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// `~/data` for `/home/ada/data`.
fn without_owner(line: &str, homes: &str) -> String {
    let mut clean = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(homes) {
        let owner = &rest[at + homes.len()..];
        let end = owner.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).unwrap_or(owner.len());
        clean.push_str(&rest[..at]);
        clean.push('~');
        rest = &owner[end..];
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_and_secrets_are_hidden_line_by_line() {
        let failure = Failure::new("c", "r", "E", "m");
        let text = "at /home/ada.l/src/a.rs and /Users/bo/x\npostgres://me:hunter2@db/x\n\nrtol: 1e-6";
        assert_eq!(hide(text, &failure), "at ~/src/a.rs and ~/x\n[redacted]\n\nrtol: 1e-6");
    }
}

//! Passwords in the options of commands.

use std::ops::Range;

use text::boundary_before;

use super::super::names::NameKind;
use super::super::shape::is_placeholder;
use super::super::units::skip;
use super::{Extent, FormScanner};

/// Maximum distance between a command and its option.
const MAX_COMMAND_BYTES: usize = 400;

impl<J: Fn(&str) -> NameKind> FormScanner<'_, J> {
    /// Adds the password of a command: `curl -u user:password`, `sshpass -p password`.
    pub(super) fn add_password_of_command(&mut self, option: Range<usize>) {
        let word = &self.text[option.clone()];
        let start = boundary_before(self.text, option.start.saturating_sub(MAX_COMMAND_BYTES));
        let before = &self.text[start..option.start];
        let is_user = matches!(word, "-u" | "--user" | "-U" | "--proxy-user" | "-a" | "--auth");
        let is_of_command = |commands: &[&str]| commands.iter().any(|command| before.contains(command));
        let at = skip(self.text, option.end, |unit| unit.is_space() || unit.is_quote() || ",=".contains(unit.c));
        let end = self.end_of_value(at, Extent::Word);
        let value = &self.text[at..end];
        if is_user && is_of_command(&["curl", "wget", "http"]) {
            let Some((_, password)) = value.split_once(':') else { return };
            if !is_placeholder(password) {
                self.found.push(end - password.len()..end);
            }
        } else if word == "-p" && is_of_command(&["sshpass"]) && !is_placeholder(value) {
            self.found.push(at..end);
        } else if word.starts_with("-u") && word.len() > 2 && is_of_command(&["curl"]) {
            // `-uuser:password`
            let end = self.end_of_value(option.start, Extent::Word);
            if let Some((_, password)) =
                self.text[option.start..end].split_once(':').filter(|(_, password)| !is_placeholder(password))
            {
                self.found.push(end - password.len()..end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::redact_text;

    #[test]
    fn an_option_may_follow_any_character() {
        for letters in [200, 201, 202] {
            let text = format!("curl{} -u me:hunter2", "é".repeat(letters) + &" ".repeat(letters % 2));
            assert!(redact_text(&text).starts_with("curl"));
        }
        let near = format!("{}curl {} -u me:hunter2", "é".repeat(200), "a".repeat(100));
        for text in [near.clone(), format!("x{near}")] {
            assert!(!redact_text(&text).contains("hunter2"), "{text}");
        }
    }
}

//! Finds credentials in URLs: `scheme://user:password@host`, `https://TOKEN@host`, `?token=…`, `?sig=…`.

use std::ops::Range;

use super::names::{NameKind, kind_of};
use super::secret_range::REDACTED;
use super::shape::{has_digit, has_digit_and_letter, is_number, is_placeholder, looks_secret};
use super::units::{find_unit, unit_at};

/// Schemes of communication fabrics. Their `rank0:mlx5_0@node7` is an address.
const FABRIC_SCHEMES: &[&str] = &[
    "ucx", "ucp", "uct", "ipc", "inproc", "shm", "verbs", "ofi", "gni", "psm2", "rdma", "ib", "cuda", "pgm", "epgm",
    "udp", "mpi",
];

/// Names of parameters that contain a secret only in URLs.
const SIGNATURE_PARAMETERS: &[&str] =
    &["sig", "signature", "sas", "hmac", "x-amz-signature", "x-goog-signature", "x-amz-credential"];
const KEY_PARAMETERS: &[&str] = &["key", "code", "ticket", "pass", "sessionid", "session"];

/// Returns the users with passwords in URLs, and the secret parameters of URLs.
pub(super) fn secrets_in_urls(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found = Vec::new();
    if text.contains('@') || text.contains("%40") {
        found.extend(users(text).into_iter().map(|range| (range, "a URL with a password")));
    }
    if text.contains('=') || text.contains("%3D") || text.contains("%3d") {
        found.extend(parameters(text).into_iter().map(|range| (range, "a secret in a URL")));
    }
    found
}

fn users(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((colon, unit)) = find_unit(text, at, |_, unit| unit.c == ':') {
        at = colon + unit.length;
        let slash = |at: usize| unit_at(text, at).filter(|unit| unit.c == '/').map(|unit| at + unit.length);
        let Some(start) = slash(at).and_then(slash) else { continue };
        if has_scheme(&text[..colon]) {
            found.extend(user(text, start, scheme(&text[..colon])));
        }
        at = start;
    }
    found
}

fn scheme(before: &str) -> &str {
    before.rsplit(|c: char| !c.is_ascii_alphanumeric() && !"+.-".contains(c)).next().unwrap_or_default()
}

fn has_scheme(before: &str) -> bool {
    let scheme = scheme(before);
    scheme.ends_with(|c: char| c.is_ascii_alphanumeric()) && !FABRIC_SCHEMES.contains(&&*scheme.to_ascii_lowercase())
}

/// Returns the user and the password of the URL whose authority begins here.
fn user(text: &str, start: usize, scheme: &str) -> Option<Range<usize>> {
    let end = find_unit(text, start, |_, unit| {
        unit.is_space() || unit.is_quote() || "<>".contains(unit.c) || unit.c.is_control()
    });
    let end = end.map_or(text.len(), |(at, _)| at);
    let authority =
        find_unit(text, start, |at, unit| at >= end || "/?#".contains(unit.c)).map_or(end, |(at, _)| at.min(end));
    let colon = find_unit(&text[..authority], start, |_, unit| unit.c == ':');
    let Some(sign) = last_at_sign(text, start, authority) else {
        // The password itself may contain a slash, but a port does not.
        let (colon, unit) = colon?;
        let password = &text[colon + unit.length..authority];
        let is_port = password.eq_ignore_ascii_case("port")
            || password.is_empty()
            || password.bytes().all(|byte| byte.is_ascii_digit());
        if is_port || is_place(password) {
            return None;
        }
        let sign = last_at_sign(text, authority, end)?;
        return Some(start..sign);
    };
    let has_host = unit_at(text, sign).is_some_and(|unit| sign + unit.length < end);
    let is_secret = match colon.filter(|(at, _)| *at < sign) {
        Some((colon, unit)) => !is_place(&text[colon + unit.length..sign]) || is_token(&text[start..colon]),
        None => !scheme.eq_ignore_ascii_case("ssh") && is_token(&text[start..sign]),
    };
    (has_host && is_secret).then_some(start..sign)
}

/// Returns the position of the last `@` in this range.
fn last_at_sign(text: &str, start: usize, end: usize) -> Option<usize> {
    let mut last = None;
    find_unit(&text[..end], start, |at, unit| {
        if unit.c == '@' {
            last = Some(at);
        }
        false
    });
    last
}

/// Returns true if the user of a URL is a token.
fn is_token(user: &str) -> bool {
    user.len() >= 16 && has_digit_and_letter(user) && !is_placeholder(user)
}

/// Returns true for a port or a placeholder for a password: `$PASSWORD`, `{password}`, `***`.
fn is_place(password: &str) -> bool {
    const PASSWORD_PLACEHOLDERS: &[&str] = &["password", "passwd", "pass", "pwd", "secret", "token"];
    let is_port = password.len() <= 5 && password.bytes().all(|byte| byte.is_ascii_digit());
    is_port
        || password.contains('…')
        || PASSWORD_PLACEHOLDERS.iter().any(|name| password.eq_ignore_ascii_case(name))
        || password.starts_with(['$', '{', '<', '[']) && is_placeholder(password)
        || password.chars().all(|c| "*xX.".contains(c))
}

fn parameters(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((mark, unit)) = find_unit(text, at, |_, unit| matches!(unit.c, '?' | '&')) {
        let start = mark + unit.length;
        let name =
            text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte));
        let end = start + name.count();
        at = end;
        let Some(equals) = unit_at(text, end).filter(|unit| unit.c == '=' && end > start) else { continue };
        let value = end + equals.length;
        if text[value..].starts_with(REDACTED) {
            continue;
        }
        // An escaped `&` belongs to the value, unless the separators of the URL are escaped as well.
        let stop = find_unit(text, value, |at, unit| {
            let raw = &text[at..at + unit.length];
            unit.is_space()
                || unit.is_quote()
                || "#<>".contains(unit.c)
                || unit.c == '&' && (raw != "%26" || equals.length > 1)
                || "),;]}".contains(raw)
        });
        let stop = stop.map_or(text.len(), |(at, _)| at);
        if is_secret_parameter(&text[start..end], &text[value..stop]) {
            found.push(value..stop);
        }
        at = stop;
    }
    found
}

fn is_secret_parameter(name: &str, value: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if is_placeholder(value) {
        return false;
    }
    if SIGNATURE_PARAMETERS.contains(&&*lower) {
        return value.len() >= 8 && !is_number(value);
    }
    if KEY_PARAMETERS.contains(&&*lower) {
        return value.len() >= 16 && looks_secret(value);
    }
    match kind_of(name) {
        NameKind::Password => value.len() >= 3,
        NameKind::Credential => !is_number(value) && value.len() >= 3,
        NameKind::Doubtful => !is_number(value) && (value.len() >= 8 || has_digit(value) && value.len() >= 4),
        NameKind::Ordinary => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        let mut found = secrets_in_urls(text);
        found.sort_by_key(|(range, _)| range.start);
        let mut hidden = text.to_owned();
        for (range, _) in found.into_iter().rev() {
            hidden.replace_range(range, "…");
        }
        hidden
    }

    #[test]
    fn credentials_in_urls_are_found() {
        for (text, expected) in [
            ("postgres://me:hunter2@db.example/x", "postgres://…@db.example/x"),
            ("at amqp://u:p%40ss@h, x", "at amqp://…@h, x"),
            ("postgres://u:pa/ss@h/x", "postgres://…@h/x"),
            ("https://a1b2c3d4e5f6a7b8c9d0@github.com/x", "https://…@github.com/x"),
            ("https:\\/\\/me:hunter2@h\\/", "https:\\/\\/…@h\\/"),
            ("u=https%3A%2F%2Fme%3Ahunter2%40h%2F", "u=https%3A%2F%2F…%40h%2F"),
            ("https://h/x?a=1&sig=abcdef%2B12%3D&b=2", "https://h/x?a=1&sig=…&b=2"),
            ("https://h/?X-Amz-Signature=0123456789abcdef", "https://h/?X-Amz-Signature=…"),
            ("\"https://h/?token=abc123def\"", "\"https://h/?token=…\""),
            ("https://h/?a=1&amp;access_token=abcdef", "https://h/?a=1&amp;access_token=…"),
        ] {
            assert_eq!(hidden(text), expected);
        }
        for text in [
            "ucx://rank0:mlx5_0@node7",
            "tcp://10.0.0.1:5555@eth0",
            "https://USER:PASSWORD@host/",
            "https://example.org:8080/a@b:c",
            "ssh://git@example.org:22/x.git",
            "https://bob@example.org",
            "https://user:$PASSWORD@example.org",
            "https://h/?page=2&token=5&key=value&sig=3",
            "what is x? a & b = c",
        ] {
            assert_eq!(hidden(text), text);
        }
    }
}

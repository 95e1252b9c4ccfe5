//! What looks like a secret in a record, beyond what was redacted when it was written.

use std::borrow::Cow;

use serde_json::Value;

use super::{REDACTED, Redactor};
use crate::failure::Failure;
use crate::value::boundary_before;

/// Where it is, by a JSON pointer, and what it looks like.
pub(crate) type Found = (String, &'static str);

/// All that looks like a secret in this record.
pub(crate) fn secrets(record: &Value) -> Vec<Found> {
    let mut search = Search { redactor: Redactor::default(), pointer: String::new(), found: Vec::new() };
    search.value(record);
    search.command_line(record);
    search.found
}

struct Search {
    redactor: Redactor,
    pointer: String,
    found: Vec<Found>,
}

impl Search {
    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(looks_like(text)),
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    self.below(&index.to_string(), |search| search.value(value));
                }
            }
            Value::Object(map) => map.iter().for_each(|(key, value)| self.member(key, value)),
            _ => {}
        }
    }

    fn member(&mut self, key: &str, value: &Value) {
        let hides = tells_something(value) && self.redactor.is_secret(key);
        self.below(key, |search| match hides {
            true => search.add(Some("a value under the name of a secret")),
            false => search.value(value),
        });
        // A key is text as well; its pointer would tell it.
        if let Some(kind) = looks_like(key) {
            self.add(Some(kind));
        }
    }

    /// The words after `--api-key`.
    fn command_line(&mut self, record: &Value) {
        let Some(Value::Array(argv)) = record.pointer("/context/process/argv") else { return };
        let words: Vec<String> = argv.iter().map(|word| word.as_str().unwrap_or_default().to_owned()).collect();
        let clean = self.redactor.command_line(words.clone());
        for (index, _) in words.iter().zip(&clean).enumerate().filter(|(_, (word, clean))| word != clean) {
            self.found.push((format!("/context/process/argv/{index}"), "an argument under the name of a secret"));
        }
    }

    fn below(&mut self, key: &str, search: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        let shown =
            if looks_like(key).is_some() { REDACTED.to_owned() } else { key.replace('~', "~0").replace('/', "~1") };
        self.pointer.push('/');
        self.pointer.push_str(&shown);
        search(self);
        self.pointer.truncate(length);
    }

    fn add(&mut self, kind: Option<&'static str>) {
        self.found.extend(kind.map(|kind| (self.pointer.clone(), kind)));
    }
}

fn tells_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.is_empty() && text != REDACTED,
        Value::Array(list) => list.iter().any(tells_something),
        Value::Object(map) => map.values().any(tells_something),
        Value::Number(_) => true,
    }
}

/// A form of credentials that is told by how it begins.
struct Form {
    prefix: &'static str,
    kind: &'static str,
    /// How many letters, digits and marks follow.
    length: std::ops::RangeInclusive<usize>,
    /// Which marks beside ASCII letters and digits.
    marks: &'static str,
    judge: fn(&str) -> bool,
}

const MANY: usize = usize::MAX;

const FORMS: &[Form] = &[
    form("AKIA", "an AWS access key", 16..=16, "", is_upper_with_digit),
    form("ASIA", "an AWS access key", 16..=16, "", is_upper_with_digit),
    form("ghp_", "a GitHub token", 36..=MANY, "", is_any),
    form("gho_", "a GitHub token", 36..=MANY, "", is_any),
    form("ghu_", "a GitHub token", 36..=MANY, "", is_any),
    form("ghs_", "a GitHub token", 36..=MANY, "", is_any),
    form("ghr_", "a GitHub token", 36..=MANY, "", is_any),
    form("github_pat_", "a GitHub token", 36..=MANY, "_", is_any),
    form("glpat-", "a GitLab token", 20..=MANY, "-_", has_digit),
    form("AIza", "a Google API key", 35..=35, "-_", is_any),
    form("sk-", "an API key", 20..=MANY, "-_", is_random),
    form("xoxa-", "a Slack token", 10..=MANY, "-", has_digit),
    form("xoxb-", "a Slack token", 10..=MANY, "-", has_digit),
    form("xoxp-", "a Slack token", 10..=MANY, "-", has_digit),
    form("xoxr-", "a Slack token", 10..=MANY, "-", has_digit),
    form("xoxs-", "a Slack token", 10..=MANY, "-", has_digit),
    form("npm_", "an npm token", 36..=36, "", is_random),
    form("Basic ", "a user and a password in base64", 20..=MANY, "+/=", is_random),
    form("Bearer ", "a bearer token", 20..=MANY, "-_.~+/=", is_random),
    form("hf_", "a Hugging Face token", 34..=34, "", is_random),
    form("eyJ", "a JSON web token", 20..=MANY, "-_.", is_web_token),
];

const fn form(
    prefix: &'static str,
    kind: &'static str,
    length: std::ops::RangeInclusive<usize>,
    marks: &'static str,
    judge: fn(&str) -> bool,
) -> Form {
    Form { prefix, kind, length, marks, judge }
}

fn is_any(_: &str) -> bool {
    true
}

/// Peptides have capitals only.
fn is_upper_with_digit(rest: &str) -> bool {
    has_digit(rest) && !rest.contains(|c: char| c.is_ascii_lowercase())
}

fn has_digit(rest: &str) -> bool {
    rest.contains(|c: char| c.is_ascii_digit())
}

/// Letters of both cases and digits in one long piece: neither words nor, in hexadecimal, a hash. Very long pieces need no
/// upper case.
fn is_random(rest: &str) -> bool {
    rest.split(['-', '_']).any(|piece| {
        let has = |kind: fn(&char) -> bool| piece.chars().any(|c| kind(&c));
        let mixed = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
        let is_hash = piece.chars().all(|c| c.is_ascii_hexdigit());
        let long = piece.len() >= 32 && has(char::is_ascii_alphabetic) && has(char::is_ascii_digit) && !is_hash;
        piece.len() >= 20 && mixed || long
    })
}

/// Three parts, of which the first two are JSON objects in base64: both begin with `eyJ`.
fn is_web_token(rest: &str) -> bool {
    let mut parts = rest.split('.');
    let (header, claims, signature) = (parts.next(), parts.next(), parts.next());
    header.is_some_and(|part| part.len() >= 8)
        && claims.is_some_and(|part| part.starts_with("eyJ") && part.len() >= 8)
        && signature.is_some_and(|part| part.len() >= 16)
}

/// The text without what looks like a secret in it: tokens of well-known forms, passwords in URLs, private keys, and what is
/// given to a name like `password` or `api_key` as code, settings and command lines do it. Whether a value is one cannot be
/// known: this hides too much rather than too little.
///
/// ```
/// use tracing_failure::redact_text;
///
/// assert_eq!(redact_text("cannot reach postgres://me:hunter2@db/x, norm = 4"), "cannot reach [redacted] norm = 4");
/// assert_eq!(redact_text("let api_key = \"abc123\";"), "let api_key = [redacted]");
/// assert_eq!(redact_text("rtol = 1e-6"), "rtol = 1e-6");
/// ```
pub fn redact_text(text: &str) -> Cow<'_, str> {
    if has_private_key(text) || text.contains("PRIVATE KEY-----") {
        return Cow::Borrowed(REDACTED);
    }
    if !text.split('\n').any(|line| redacted_line(line).is_some()) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<Cow<'_, str>> =
        text.split('\n').map(|line| redacted_line(line).map_or(Cow::Borrowed(line), Cow::Owned)).collect();
    Cow::Owned(lines.join("\n"))
}

/// Whether values under this name are redacted: `password`, `api_key`, `access_token` and the like.
///
/// ```
/// assert!(tracing_failure::is_secret_name("server.api_key"));
/// assert!(!tracing_failure::is_secret_name("tokens_per_second"));
/// ```
pub fn is_secret_name(name: &str) -> bool {
    Redactor::default().is_secret(name)
}

/// The line with its secrets taken out, if there are any.
fn redacted_line(line: &str) -> Option<String> {
    if let Some(end) = end_of_secret_name(line) {
        return Some(format!("{}{REDACTED}", &line[..end]));
    }
    looks_like(line)?;
    let word = |word: &str| if looks_like(word).is_some() { REDACTED.to_owned() } else { word.to_owned() };
    let words: Vec<String> = line.split(' ').map(word).collect();
    let line = words.join(" ");
    // What is seen only over several words: `Bearer …`.
    Some(if looks_like(&line).is_some() { REDACTED.to_owned() } else { line })
}

/// Where a value begins that is given to a secret name: `api_key = "…"`, `"password": …`, `--token …`,
/// `const PASSWORD: &str = "…"`, `Authorization: …`.
fn end_of_secret_name(line: &str) -> Option<usize> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut at = 0;
    while let Some(start) = line[at..].find(is_name).map(|start| at + start) {
        let end = line[start..].find(|c| !is_name(c)).map_or(line.len(), |length| start + length);
        let name = &line[start..end];
        if name.len() <= LONGEST_NAME && Redactor::default().is_secret(name) {
            let given = given_after(&line[end..], name.starts_with("--"));
            if let Some(before) = given {
                return Some(end + before);
            }
        }
        at = end;
    }
    None
}

/// A longer word is no name.
const LONGEST_NAME: usize = 64;
/// A shorter value tells nothing.
const SHORTEST_VALUE: usize = 4;

/// How far it is to what is given to a name: behind `=` or `:`, a type between them, or a space after an option.
fn given_after(rest: &str, is_option: bool) -> Option<usize> {
    let unquoted = rest.trim_start_matches(['"', '\'']);
    let spaced = unquoted.trim_start();
    let mark = spaced.starts_with([':', '=']);
    let is_word_after_option = is_option && spaced.len() < unquoted.len();
    if !mark && !is_word_after_option {
        return None;
    }
    // Behind a type, if there is one.
    let value = match spaced.find('=') {
        Some(equals) if mark && spaced[..equals].len() < LONGEST_NAME => &spaced[equals + 1..],
        _ => spaced.trim_start_matches([':', '=']),
    };
    let value = value.trim_start_matches(['=', ':', '>', ' ']);
    let known = ["none", "null", "true", "false", "is", "not", "[redacted]", "missing"];
    let first = value.split_whitespace().next().unwrap_or_default();
    let first = first.trim_matches(|c: char| !(c.is_alphanumeric() || c == '_' || c == '['));
    let is_value = first.len() >= SHORTEST_VALUE && !known.contains(&first.to_lowercase().as_str());
    is_value.then(|| rest.len() - value.len())
}

impl Failure {
    /// Takes out what looks like a secret, as it is before a record is shown to others: values under such names, and texts
    /// that hold credentials. What was redacted when the record was written stays so.
    ///
    /// ```
    /// use tracing_failure::Failure;
    ///
    /// let mut failure = Failure::new("fit", "§2", "DbError", "cannot reach postgres://me:hunter2@db.example/x");
    /// failure.parameters.insert("api_key", "abc123");
    /// failure.parameters.insert("rtol", 1e-6);
    /// failure.redact();
    /// assert_eq!(failure.error_message, "cannot reach [redacted]");
    /// assert_eq!(failure.parameters.to_string(), r#"{"api_key":"[redacted]","rtol":1e-6}"#);
    /// ```
    pub fn redact(&mut self) {
        let Ok(mut record) = serde_json::to_value(&*self) else { return };
        let by_name = secrets(&record).into_iter().filter(|(_, kind)| kind.contains("under the name"));
        for pointer in by_name.map(|(pointer, _)| pointer).collect::<Vec<_>>() {
            match record.pointer_mut(&pointer) {
                // A text under another name may tell of one: what it says besides is kept.
                Some(Value::String(text)) => *text = redacted_or_all(text),
                Some(value) => *value = REDACTED.into(),
                None => {}
            }
        }
        redact_texts(&mut record);
        // A type that no text fits in, as a time, holds no secret.
        if let Ok(redacted) = serde_json::from_value(record) {
            *self = redacted;
        }
    }
}

/// The text without its secret, or nothing of it where the secret is all of it.
fn redacted_or_all(text: &str) -> String {
    match redact_text(text) {
        Cow::Owned(redacted) => redacted,
        Cow::Borrowed(_) => REDACTED.to_owned(),
    }
}

fn redact_texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(redacted) = redact_text(text) {
                *text = redacted;
            } else if looks_like(text).is_some() {
                *text = REDACTED.to_owned();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(redact_texts),
        Value::Object(map) => map.values_mut().for_each(redact_texts),
        _ => {}
    }
}

/// What kind of credentials a text holds.
fn looks_like(text: &str) -> Option<&'static str> {
    if has_private_key(text) {
        return Some("a private key");
    }
    if has_named_value(text) {
        return Some("a value under the name of a secret");
    }
    if has_password_in_url(text) {
        return Some("a URL with a password");
    }
    FORMS.iter().find(|form| form.is_in(text)).map(|form| form.kind)
}

impl Form {
    fn is_in(&self, text: &str) -> bool {
        text.match_indices(self.prefix).any(|(at, _)| {
            let begins = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
            let rest = head(&text[at + self.prefix.len()..], LONGEST);
            let is_part = |c: char| c.is_ascii_alphanumeric() || self.marks.contains(c);
            let rest = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
            begins && self.length.contains(&rest.len()) && (self.judge)(rest)
        })
    }
}

/// `password=hunter2`, where the name is that of a secret and the value has a digit, as words and places for one have not.
fn has_named_value(text: &str) -> bool {
    text.match_indices('=').any(|(at, _)| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let name = tail(&text[..at]).rsplit(|c| !is_name(c)).next().unwrap_or_default();
        let value = head(&text[at + 1..], 256).trim_start_matches(['"', '\'']);
        let end = value.find(|c: char| c.is_whitespace() || "\"'&;,)".contains(c)).unwrap_or(value.len());
        let value = &value[..end];
        let tells = value.len() >= 6 && value.starts_with(|c: char| c.is_ascii_alphanumeric()) && has_digit(value);
        tells && Redactor::default().is_secret(name)
    })
}

/// No secret is longer, and what is searched stays proportional to the text.
const LONGEST: usize = 4096;

fn head(text: &str, most: usize) -> &str {
    &text[..boundary_before(text, most.min(text.len()))]
}

/// Of a name, as much as one has.
fn tail(text: &str) -> &str {
    &text[boundary_before(text, text.len().saturating_sub(LONGEST_NAME))..]
}

fn has_private_key(text: &str) -> bool {
    text.match_indices("-----BEGIN ").any(|(at, begin)| {
        let label = &text[at + begin.len()..];
        let end = label.find("-----").filter(|end| *end < 64);
        // A text about such keys, such as a pattern, has other characters.
        let is_label = |label: &str| label.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ');
        // The line end may be spelt out.
        let is_key = |text: &str| {
            let text = text.trim_start_matches('-').trim_start_matches([' ', '\r', '\n', '\\', 'r', 'n']);
            text.chars().take(4).filter(char::is_ascii_alphanumeric).count() == 4
        };
        end.is_some_and(|end| label[..end].ends_with("PRIVATE KEY") && is_label(&label[..end]) && is_key(&label[end..]))
    })
}

/// `scheme://user:password@host`, but not with a place for a password: `$PASSWORD`, `{password}`, `***`.
fn has_password_in_url(text: &str) -> bool {
    text.match_indices("://").any(|(at, mark)| {
        let scheme = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let rest = head(&text[at + mark.len()..], LONGEST);
        let end =
            rest.find(|c: char| c.is_whitespace() || c.is_control() || "/?#\"'`".contains(c)).unwrap_or(rest.len());
        let user = rest[..end].rsplit_once('@').filter(|(_, host)| !host.is_empty()).map(|(user, _)| user);
        let password = user.and_then(|user| user.split_once(':')).map(|(_, password)| password);
        let is_place = |password: &str| {
            let is_port = password.len() <= 5 && password.chars().all(|c| c.is_ascii_digit());
            let is_name = ["password", "passwd", "pass", "pwd", "secret", "token"];
            is_port
                || password.contains('…')
                || is_name.iter().any(|name| password.eq_ignore_ascii_case(name))
                || password.starts_with(['$', '{', '<', '[', '%']) && !password.starts_with("%2")
                || password.chars().all(|c| "*x.X".contains(c))
        };
        scheme && password.is_some_and(|password| !is_place(password))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Put together here, so that no scanner takes this file for a leak.
    fn credentials() -> Vec<String> {
        let random = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5";
        vec![
            ["-----BEGIN RSA PRIV", "ATE KEY-----\nMIIE"].concat(),
            ["-----BEGIN PRIV", "ATE KEY-----\nMIIE"].concat(),
            ["AKI", "AIOSFODNN7EXAMPLE"].concat(),
            ["ghp", "_", random].concat(),
            ["gho", "_", random].concat(),
            ["github", "_pat_", random, "_", random].concat(),
            ["glp", "at-", &random[..20]].concat(),
            ["AIz", "a", &random[..35]].concat(),
            ["sk", "-", random].concat(),
            ["sk", "-ant-api03-", random].concat(),
            ["npm", "_", random].concat(),
            ["Authorization: Bear", "er ", random].concat(),
            ["Authorization: Bas", "ic ", random].concat(),
            "db_password=hunter2".to_owned(),
            "api_key='abc123def'".to_owned(),
            ["sk", "-proj-", random].concat(),
            ["xox", "b-123456789012-abcdef"].concat(),
            ["eyJ", "hbGciOiJIUzI1NiJ9.eyJ", "zdWIiOiIxIn0.", random].concat(),
            ["postgres://me:", "hunter2@db.example/x"].concat(),
        ]
    }

    #[test]
    fn well_known_credentials_are_found_in_any_text() {
        for credential in credentials() {
            for text in [credential.clone(), format!("at \"{credential}\": x"), format!("key={credential}\nnext")] {
                let record = json!({ "stack_trace": text, "context": { "a/b": [0, { "~": text }] } });
                let found = secrets(&record);
                let pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
                assert_eq!(pointers, ["/context/a~1b/1/~0", "/stack_trace"], "{text}");
            }
        }
    }

    #[test]
    fn what_is_given_to_a_secret_name_is_taken_out_of_a_text() {
        for (text, redacted) in [
            ("API_KEY = \"abc123def456\"", "API_KEY = [redacted]"),
            ("const PASSWORD: &str = \"hunter2secret9\";", "const PASSWORD: &str = [redacted]"),
            ("  \"api_key\": \"abc123\",", "  \"api_key\": [redacted]"),
            ("password: hunter2xx", "password: [redacted]"),
            ("solve --password hunter22 --rtol 1e-6", "solve --password [redacted]"),
            ("Authorization: Bearer abcdefghijklmnop", "Authorization: [redacted]"),
            ("at postgres://me:hunter2@db/x it failed", "at [redacted] it failed"),
            ("a\nPASSWORD=secretword\nb", "a\nPASSWORD=[redacted]\nb"),
        ] {
            assert_eq!(redact_text(text), redacted);
        }
        for text in [
            "the password is missing",
            "tokens_per_sec = 5000",
            "let token = None;",
            "key: value",
            "author: Ada L.",
            "",
            "::",
        ] {
            assert_eq!(redact_text(text), text);
        }
        let key = ["-----BEGIN OPENSSH PRIV", "ATE KEY-----\nb3BlbnNzaC1rZXk\n"].concat();
        assert_eq!(redact_text(&format!("x\n{key}")), REDACTED);
    }

    proptest! {
        #[test]
        fn any_text_can_be_redacted(text in "([a-zA-Z0-9_:=\"' é-]|api_key|password|://|@|\n){0,60}") {
            let once = redact_text(&text).into_owned();
            prop_assert_eq!(redact_text(&once).into_owned(), once);
        }
    }

    #[test]
    fn what_only_resembles_credentials_passes() {
        for text in [
            "sk-learn",
            "/opt/envs/sk-learn-2.1.0-py312h0123456789/lib/python3.12/site-packages/sklearn/linear_model.py",
            "task-0123456789abcdef0123456789abcdef01234567",
            "risk-aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5",
            "01a21351-ff9b-736d-ac9d-0e7e3264969e",
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            "AKIA",
            "AKIAEELLKRAGVTHPSELL",
            "tcp://10.0.0.1:5555@eth0",
            "ucx://rank0:1@node",
            "https://USER:PASSWORD@host/",
            "sk-0123456789abcdef0123456789abcdef",
            "-----BEGIN (RSA |EC )?PRIVATE KEY-----",
            "expected Bearer authentication_of_the_user",
            "expected -----BEGIN PRIVATE KEY-----",
            "https://user:…@host/",
            "unexpected token=identifier at 12",
            "password=[redacted] password=$PASSWORD password=hidden",
            "monkey=123456 residual=1.5e-12 tokens_per_sec=1234567 author=ada1815",
            "ψ=123456, é=1234567",
            "ASIAN_OPTION_PRICING_MODEL_2",
            "ghp_short",
            "https://example.org:8080/a@b:c",
            "ssh://git@example.org:22/x.git",
            "https://user:$PASSWORD@example.org",
            "https://user:{password}@example.org",
            "https://user:***@example.org",
            "eyJ",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "core::ops::function::FnOnce::call_once::h0123456789abcdef",
            "<alloc::boxed::Box<F> as core::ops::FnOnce<Args>>::call_once",
        ] {
            assert_eq!(looks_like(text), None, "{text}");
        }
    }

    #[test]
    fn names_of_secrets_hide_nothing() {
        let record = json!({
            "parameters": { "password": "hunter2", "api_key": "[redacted]", "token": null, "secret": "", "tokens_per_sec": 5 },
            "context": { "process": { "argv": ["x", "--token", "t0p", "--api-key=k", "--api-key=[redacted]"] },
                         "credentials": { "user": "me", "pin": 1234 }, "auth": true, "cookies": [], "cookie": [null] }
        });
        let pointers: Vec<String> = secrets(&record).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(
            pointers,
            ["/context/credentials", "/parameters/password", "/context/process/argv/2", "/context/process/argv/3"]
        );
    }

    #[test]
    fn nothing_of_a_secret_is_told() {
        for credential in credentials() {
            for (pointer, kind) in secrets(&json!({ &credential: { "x": credential } })) {
                assert!(!format!("{pointer}{kind}").contains(&credential), "{pointer}");
            }
        }
    }

    proptest! {
        #[test]
        fn hashes_ids_paths_and_numbers_pass(
            hash in "[0-9a-f]{16,64}", id in "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            path in "(/[a-z_][a-z0-9_.-]{0,20}){1,8}", number in any::<f64>(), prefix in "(task|disk|h)-",
        ) {
            for text in [hash.clone(), id, path, number.to_string(), prefix + &hash] {
                prop_assert_eq!(looks_like(&text), None, "{}", text);
            }
        }

        #[test]
        fn tokens_are_found_wherever_they_stand(
            before in "([a-zé]{0,9}[ =:\"'(\n])?", rest in "[A-Za-z0-9]{36}", after in "([ \"')\n,;].{0,9})?",
        ) {
            for prefix in ["ghp_", "gho_", "github_pat_"] {
                let text = format!("{before}{prefix}{rest}{after}");
                prop_assert!(looks_like(&text).is_some(), "{}", text);
            }
        }

        #[test]
        fn any_text_is_judged_without_a_panic(text in any::<String>()) {
            let _ = looks_like(&text);
        }
    }
}

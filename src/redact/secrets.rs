//! What looks like a secret in a record, beyond what was redacted when it was written.

use serde_json::Value;

use super::{REDACTED, Redactor};
use crate::failure::Failure;

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

/// What kind of credentials a text holds, if any: a token of a well-known form, a password in a URL, a private key.
///
/// ```
/// assert_eq!(tracing_failure::secret_in("postgres://me:hunter2@db.example/x"), Some("a URL with a password"));
/// assert_eq!(tracing_failure::secret_in("rtol = 1e-6"), None);
/// ```
pub fn secret_in(text: &str) -> Option<&'static str> {
    looks_like(text)
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
    /// assert_eq!(failure.error_message, "[redacted]");
    /// assert_eq!(failure.parameters.to_string(), r#"{"api_key":"[redacted]","rtol":1e-6}"#);
    /// ```
    pub fn redact(&mut self) {
        let Ok(mut record) = serde_json::to_value(&*self) else { return };
        for (pointer, _) in secrets(&record) {
            if let Some(value) = record.pointer_mut(&pointer) {
                *value = REDACTED.into();
            }
        }
        // A type that no text fits in, as a time, holds no secret.
        if let Ok(redacted) = serde_json::from_value(record) {
            *self = redacted;
        }
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
            let rest = &text[at + self.prefix.len()..];
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
        let name = text[..at].rsplit(|c| !is_name(c)).next().unwrap_or_default();
        let value = text[at + 1..].trim_start_matches(['"', '\'']);
        let end = value.find(|c: char| c.is_whitespace() || "\"'&;,)".contains(c)).unwrap_or(value.len());
        let value = &value[..end];
        let tells = value.len() >= 6 && value.starts_with(|c: char| c.is_ascii_alphanumeric()) && has_digit(value);
        tells && Redactor::default().is_secret(name)
    })
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
        let rest = &text[at + mark.len()..];
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

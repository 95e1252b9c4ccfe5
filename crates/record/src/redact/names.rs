//! Names of secrets: `password`, `apiKeys`, `PGPASSWORD`, `github_pat`, but not `tokens_per_sec` or `eos_token`.

use crate::phrases::WordSequence;

/// Classifies a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// The value is no secret because of its name.
    #[default]
    Ordinary,
    /// `token`, `auth`: the form of a text decides whether it is a secret. Numbers are no secrets.
    Doubtful,
    /// `access_token`, `ssh_key`: every text is a secret. Numbers are no secrets.
    Credential,
    /// `password`, `api_key`: every value is a secret.
    Password,
}

/// Parts of which every name of a secret contains one, and the command `curl`, whose options may contain a password.
const NAME_PARTS: &[&str] = &[
    "pass", "pwd", "secret", "cred", "auth", "key", "cookie", "token", "jwt", "_pat", "-pat", "bpat", "bearer", "curl",
    "sessid", "jsess", "amz", "goog",
];

/// Words that make a name a password in any position.
const PASSWORD_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "credential",
    "cred",
    "authorization",
    "apikey",
    "phpsessid",
    "jsessionid",
];

/// Ends of words that make a name a password: `PGPASSWORD`, `clientsecret`.
const PASSWORD_ENDS: &[&str] =
    &["password", "passwd", "passphrase", "secret", "apikey", "accesskey", "secretkey", "privatekey", "accountkey"];

/// Words before `key` that make the name a password.
const PASSWORD_KEYS: &[&str] = &["api", "private", "access", "secret", "account"];

/// Words before `key` that make the name a credential.
const CREDENTIAL_KEYS: &[&str] = &[
    "ssh",
    "gpg",
    "pgp",
    "rsa",
    "aes",
    "hmac",
    "tls",
    "ssl",
    "jwt",
    "encryption",
    "decryption",
    "signing",
    "master",
    "auth",
    "shared",
    "license",
    "deploy",
    "service",
    "session",
    "storage",
    "subscription",
    "consumer",
    "admin",
    "webhook",
    "app",
    "application",
];

/// Words before `pass` that make the name a credential. Alone, `pass` may mean one of several passes.
const OWNERS_OF_PASS: &[&str] = &[
    "db", "database", "user", "admin", "root", "login", "mysql", "pg", "postgres", "sql", "redis", "mongo", "smtp",
    "imap", "mail", "email", "ftp", "sftp", "ssh", "ldap", "http", "https", "proxy", "vpn", "wifi", "svc", "service",
    "sudo", "key", "app", "ssl", "rabbitmq", "amqp", "mqtt",
];

/// Words before `pat`, a personal access token.
const OWNERS_OF_PAT: &[&str] = &["github", "gitlab", "gh", "azure", "ado", "devops", "bitbucket", "databricks"];

/// Words before `token` if the token is a piece of text, as in parsers and language models.
const TEXT_TOKEN_WORDS: &[&str] = &[
    "eos",
    "bos",
    "pad",
    "unk",
    "sep",
    "cls",
    "mask",
    "class",
    "special",
    "stop",
    "start",
    "end",
    "begin",
    "next",
    "last",
    "first",
    "previous",
    "prev",
    "current",
    "cur",
    "unexpected",
    "expected",
    "invalid",
    "unknown",
    "max",
    "min",
    "num",
    "n",
    "total",
    "prompt",
    "completion",
    "input",
    "output",
    "new",
    "generated",
    "cached",
    "reasoning",
    "text",
    "image",
    "word",
    "sub",
    "vocab",
    "target",
    "source",
    "draft",
    "per",
    "of",
    "reserved",
    "added",
];

/// Last words of names of an attribute of a secret, such as its length or its file.
const ATTRIBUTE_WORDS: &[&str] = &[
    "length",
    "len",
    "count",
    "size",
    "min",
    "max",
    "policy",
    "required",
    "file",
    "path",
    "dir",
    "type",
    "url",
    "uri",
    "endpoint",
    "expires",
    "expiry",
    "expired",
    "ttl",
    "age",
    "attempt",
    "attempts",
    "status",
    "enabled",
    "prompt",
    "strength",
    "version",
    "index",
    "format",
    "limit",
    "rate",
    "sec",
    "second",
    "seconds",
    "id",
    "missing",
    "problem",
    "sharing",
    "method",
    "algorithm",
    "provider",
    "manager",
    "name",
    "error",
    "errors",
];

/// Words whose plural is recognised.
const PLURAL_WORDS: &[&str] = &["word", "phrase", "secret", "cred", "credential", "key", "token", "cookie", "header"];

/// Keys of an object whose text names another value of the object.
pub(super) const NAME_KEYS: &[&str] =
    &["name", "key", "variable", "var", "id", "field", "header", "param", "parameter", "option"];

/// Keys of the named value.
pub(super) const VALUE_KEYS: &[&str] = &["value", "val", "content", "data", "default"];

/// Maximum length of a name.
pub(super) const MAX_NAME_BYTES: usize = 64;

/// Classifies a name.
pub(super) fn kind_of(name: &str) -> NameKind {
    if !may_be_secret(name.as_bytes()) {
        return NameKind::Ordinary;
    }
    let words = WordSequence::of(name);
    let mut words = words.iter().map(singular).rev();
    let Some(last) = words.next() else { return NameKind::Ordinary };
    let before = words.next().unwrap_or_default();
    let is_password =
        |word: &str| PASSWORD_WORDS.contains(&word) || PASSWORD_ENDS.iter().any(|end| word.ends_with(end));
    let among = |list: &[&str]| list.contains(&before);
    match last {
        _ if ATTRIBUTE_WORDS.contains(&last) => NameKind::Ordinary,
        _ if is_password(last) => NameKind::Password,
        "key" if among(PASSWORD_KEYS) => NameKind::Password,
        "key" if among(CREDENTIAL_KEYS) => NameKind::Credential,
        "pass" if among(OWNERS_OF_PASS) => NameKind::Credential,
        "pat" if among(OWNERS_OF_PAT) => NameKind::Credential,
        "token" if among(TEXT_TOKEN_WORDS) => NameKind::Ordinary,
        "token" if !before.is_empty() => NameKind::Credential,
        "header" if before == "auth" => NameKind::Credential,
        "cookie" => NameKind::Credential,
        "signature" if matches!(before, "amz" | "goog") => NameKind::Credential,
        _ if last.ends_with("token") && last.len() > "token".len() => NameKind::Credential,
        _ if is_password(before) || words.any(is_password) => NameKind::Password,
        "token" | "auth" | "jwt" | "bearer" => NameKind::Doubtful,
        "pass" if before.is_empty() => NameKind::Doubtful,
        _ => NameKind::Ordinary,
    }
}

/// Removes a trailing number and the plural: `password2`, `tokens`.
fn singular(word: &str) -> &str {
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let one = word.strip_suffix('s').filter(|one| PLURAL_WORDS.iter().any(|plural| one.ends_with(plural)));
    one.unwrap_or(word)
}

/// Returns true if a name contains one of the parts. Most names do not and need no splitting into words.
fn may_be_secret(name: &[u8]) -> bool {
    (0..name.len()).any(|at| may_begin_name(name[at]) && begins_name(&name[at..]))
}

/// Returns true if a part begins with this byte.
pub(super) const fn may_begin_name(byte: u8) -> bool {
    SECOND_LETTERS[byte as usize] != 0
}

/// Returns true if a text begins with a part.
pub(super) fn begins_name(text: &[u8]) -> bool {
    let [first, second, ..] = text else { return false };
    let is_pair = SECOND_LETTERS_TABLE[usize::from(*first)] >> (second & 31) & 1 != 0;
    is_pair
        && NAME_PARTS.iter().map(|part| part.as_bytes()).any(|part| {
            part[1] == second.to_ascii_lowercase()
                && text.get(..part.len()).is_some_and(|head| head.eq_ignore_ascii_case(part))
        })
}

/// For each first byte of a part, a bit for each letter that may follow.
static SECOND_LETTERS_TABLE: [u32; 256] = SECOND_LETTERS;
const SECOND_LETTERS: [u32; 256] = {
    let mut table = [0; 256];
    let mut part = 0;
    while part < NAME_PARTS.len() {
        let [first, second, ..] = *NAME_PARTS[part].as_bytes() else { panic!("a part has two letters") };
        table[first.to_ascii_lowercase() as usize] |= 1 << (second & 31);
        table[first.to_ascii_uppercase() as usize] |= 1 << (second & 31);
        part += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_by_words() {
        for name in [
            "password",
            "passwords",
            "password2",
            "PGPASSWORD",
            "db_password",
            "x.secret",
            "apiKey",
            "API-KEY",
            "api_keys",
            "Authorization",
            "credentials",
            "clientSecret",
            "AccountKey",
            "db_password_old",
            "passwd",
            "x-api-key",
        ] {
            assert_eq!(kind_of(name), NameKind::Password, "{name}");
        }
        for name in [
            "access_token",
            "auth_header",
            "db_pass",
            "ssh_key",
            "encryption_key",
            "github_pat",
            "HF_TOKEN",
            "authtoken",
            "X-Amz-Signature",
            "refreshTokens",
        ] {
            assert_eq!(kind_of(name), NameKind::Credential, "{name}");
        }
        for name in ["token", "tokens", "auth", "pass", "http.auth"] {
            assert_eq!(kind_of(name), NameKind::Doubtful, "{name}");
        }
        for name in [
            "tokens_per_sec",
            "token_count",
            "eos_token",
            "n_tokens",
            "max_new_tokens",
            "key",
            "key_dim",
            "monkey",
            "author",
            "secretary_problem",
            "passes",
            "keyframe",
            "two_pass",
            "primary_key",
            "keys",
            "path",
            "pattern",
            "password_length",
            "token_path",
            "compass",
            "auto",
            "session_id",
            "secret_sharing",
            "",
        ] {
            assert_eq!(kind_of(name).max(NameKind::Doubtful), NameKind::Doubtful, "{name}");
        }
        for name in ["eos_token", "n_tokens", "key_dim", "tokens_per_sec", "two_pass"] {
            assert_eq!(kind_of(name), NameKind::Ordinary, "{name}");
        }
    }

    #[test]
    fn every_secret_word_has_one_of_the_parts() {
        let keys = PASSWORD_KEYS.iter().chain(CREDENTIAL_KEYS).map(|owner| format!("{owner}_key"));
        let passes = OWNERS_OF_PASS.iter().map(|owner| format!("{owner}_pass"));
        let pats = OWNERS_OF_PAT.iter().map(|owner| format!("{owner}_pat"));
        let words = PASSWORD_WORDS.iter().chain(PASSWORD_ENDS).map(|word| (*word).to_owned());
        for name in words.chain(keys).chain(passes).chain(pats) {
            assert!(kind_of(&name) >= NameKind::Credential, "{name}");
            assert!(kind_of(&format!("x_{}", name.to_uppercase())) >= NameKind::Credential, "{name}");
        }
    }
}

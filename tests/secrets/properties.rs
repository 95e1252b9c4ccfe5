//! Secrets from a generator, in nestings and escapings from another one.

use proptest::prelude::*;
use tracing_failure::record::redact_text;

/// Names that make any text a secret.
const NAMES: &[&str] = &[
    "password",
    "passwords",
    "db_password",
    "PGPASSWORD",
    "password2",
    "apiKey",
    "API_KEYS",
    "secret",
    "client-secret",
    "access_token",
    "auth_header",
    "db_pass",
    "ssh_key",
    "encryption_key",
    "github_pat",
    "Authorization",
    "X-Api-Key",
];

/// Prefixes of tokens, with the length of what follows them.
const TOKENS: &[(&str, usize)] = &[
    ("ghp_", 36),
    ("github_pat_", 60),
    ("glpat-", 20),
    ("sk_live_", 24),
    ("gsk_", 40),
    ("ya29.", 60),
    ("GOCSPX-", 28),
    ("xapp-1-A1-1-", 40),
    ("hvs.", 90),
    ("pypi-AgEIcHlwaS5vcmc", 60),
    ("npm_", 36),
    ("xoxb-1", 40),
    ("AIza", 35),
    ("hf_", 34),
];

/// A form in which a text gives a value to a name.
const FORMS: &[&str] = &[
    "{\"NAME\": \"VALUE\"}",
    "{\"n\": 3, \"NAME\":\"VALUE\", \"rtol\": 1e-6}",
    "NAME = \"VALUE\"",
    "NAME='VALUE'",
    "NAME=VALUE",
    "NAME=VALUE; rtol=1e-6",
    "{user: me, NAME: VALUE, n: 3}",
    "{ n = 3, NAME = \"VALUE\" }",
    "NAME: VALUE\nrtol: 1e-6",
    "NAME:\n  \"VALUE\"",
    "NAME = (\n    'VALUE'\n)",
    "<NAME>VALUE</NAME>",
    "<p name=\"NAME\" value=\"VALUE\"/>",
    "('NAME', 'VALUE')",
    "[\"NAME\", \"VALUE\"]",
    "{\"name\": \"NAME\", \"value\": \"VALUE\"}",
    "{\"value\": \"VALUE\", \"name\": \"NAME\"}",
    "- name: NAME\n  value: VALUE",
    "[\"--NAME\", \"VALUE\"]",
    "solve --NAME VALUE --rtol 1e-6",
    "solve --NAME=VALUE",
    "'NAME' => 'VALUE'",
    "const NAME: &str = \"VALUE\";",
    "config[\"NAME\"] = \"VALUE\"",
    "NAME: Some(\"VALUE\")",
    "https://h/x?a=1&NAME=VALUE&b=2",
];

/// Ways to write a text inside of another.
const ESCAPINGS: &[fn(&str) -> String] = &[
    str::to_owned,
    |text| serde_json::to_string(text).unwrap(),
    |text| format!("{text:?}"),
    |text| serde_json::json!({ "log": [text, 3] }).to_string(),
    |text| format!("step 3: {text}"),
    |text| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;"),
    |text| text.replace('"', "\\u0022"),
    |text| text.replace('%', "%25").replace('"', "%22").replace('\n', "%0A"),
    |text| format!("  | {text}\n  | more"),
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z0-9]{8,24}[0-9][a-z]", "[a-z]{4,8}[0-9]{2,4}[!.$]?[a-z]{2}", "[A-Za-z0-9+/]{30}[0-9][a-z]=="]
}

fn token() -> impl Strategy<Value = String> {
    (prop::sample::select(TOKENS), "[A-Za-z0-9]{100}").prop_map(|((prefix, length), body)| {
        let digit = if length > 2 { "7k" } else { "" };
        format!("{prefix}{digit}{}", &body[..length - digit.len()])
    })
}

fn escaped(text: &str, escapings: &[usize]) -> String {
    escapings.iter().fold(text.to_owned(), |text, escaping| ESCAPINGS[*escaping](&text))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_value_of_a_secret_name_survives(
        name in prop::sample::select(NAMES), form in prop::sample::select(FORMS), value in value(),
        escapings in prop::collection::vec(0..ESCAPINGS.len(), 0..4),
    ) {
        let text = escaped(&form.replace("NAME", name).replace("VALUE", &value), &escapings);
        let clean = redact_text(&text);
        let core = value.trim_end_matches(['=', '!', '.', '$']);
        prop_assert!(!clean.contains(core), "{}\n{}", text, clean);
        prop_assert_eq!(redact_text(&clean), &*clean, "it is redacted once");
    }

    #[test]
    fn no_token_survives(
        token in token(), before in "([a-zé]{0,9}[ =:\"'(\n,/])?", after in "([ \"')\n,;].{0,9})?",
        escapings in prop::collection::vec(0..ESCAPINGS.len(), 0..4),
    ) {
        let text = escaped(&format!("{before}{token}{after}"), &escapings);
        let clean = redact_text(&text);
        prop_assert!(!clean.contains(&token[token.len() - 12..]), "{}\n{}", text, clean);
    }

    #[test]
    fn no_password_of_a_url_survives(
        scheme in "(https|postgres|amqp|mongodb\\+srv|redis)", user in "[a-z]{1,8}", password in "[a-z]{3}[A-Za-z0-9!$*]{3,12}",
        escapings in prop::collection::vec(0..ESCAPINGS.len(), 0..4),
    ) {
        prop_assume!(!password.starts_with("xxx"));
        let text = escaped(&format!("cannot reach {scheme}://{user}:{password}@db.example:5432/x?a=1"), &escapings);
        let clean = redact_text(&text);
        prop_assert!(!clean.contains(&password) && clean.contains("db.example"), "{}\n{}", text, clean);
    }

    #[test]
    fn texts_of_numerics_never_change(
        name in "(residual|beta|dt|tol|n_tokens|eos_token|key_dim|norm|x_0|λ|auth|token|iteration|author|path|pass)",
        number in any::<f64>(), count in any::<u32>(), mark in "(=|: | = |, )", hash in "[0-9a-f]{40}",
        id in "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", path in "(/[a-z_][a-z0-9_.-]{0,12}){1,5}",
        escapings in prop::collection::vec(0..ESCAPINGS.len(), 0..3),
    ) {
        let text = format!("{name}{mark}{number:e} {name}{mark}{count}, at {path}:{count} of {hash} in {id}: {number:?} ({name})");
        let text = escaped(&text, &escapings);
        prop_assert_eq!(redact_text(&text), &*text);
    }

    #[test]
    fn any_text_is_redacted_without_a_panic(text in any::<String>()) {
        let _ = redact_text(&text);
    }

    #[test]
    fn redaction_is_idempotent(
        text in "([a-zA-Z0-9_:=\"' é\\\\-]|api_key|password|token|://|@|\n|\\[|\\(|\\{|\\}|\\)|\\]|,|<|>|&|%22|\\?|\\[redacted\\]){0,40}",
    ) {
        let once = redact_text(&text).into_owned();
        prop_assert_eq!(redact_text(&once).into_owned(), once, "{}", text);
    }
}

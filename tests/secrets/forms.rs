//! Secrets in the forms that texts have them in, and what only resembles them.

use tracing_failure::record::{is_secret_name, redact_text};

/// A token, put together here, so that no scanner takes this file for a leak.
pub(crate) fn token(prefix: &str) -> String {
    [prefix, "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"].concat()
}

#[test]
fn values_of_secret_names_are_redacted() {
    for (text, redacted) in [
        ("password: hunter22x", "password: [redacted]"),
        ("password=hunter2", "password=[redacted]"),
        ("PASSWORD=secretword", "PASSWORD=[redacted]"),
        ("API_KEY = \"abc123def456\"", "API_KEY = \"[redacted]\""),
        ("const PASSWORD: &str = \"hunter2secret9\";", "const PASSWORD: &str = \"[redacted]\";"),
        ("password: str = 'x y'", "password: str = '[redacted]'"),
        ("  \"api_key\": \"abc123\",", "  \"api_key\": \"[redacted]\","),
        (r#"{\"api_key\": \"abc123\"}"#, r#"{\"api_key\": \"[redacted]\"}"#),
        (r#"{\\\"api_key\\\":\\\"abc123\\\",\\\"n\\\":3}"#, r#"{\\\"api_key\\\":\\\"[redacted]\\\",\\\"n\\\":3}"#),
        (r#"{\u0022token\u0022: \u0022abc123\u0022}"#, r#"{\u0022token\u0022: \u0022[redacted]\u0022}"#),
        ("{&quot;password&quot;: &quot;abc&quot;}", "{&quot;password&quot;: &quot;[redacted]&quot;}"),
        ("%7B%22api_key%22%3A%22abc123%22%7D", "%7B%22api_key%22%3A%22[redacted]%22%7D"),
        ("password:\n  hunter22x", "password:\n  [redacted]"),
        ("password = (\n    \"hunter2\"\n)", "password = (\n    \"[redacted]\"\n)"),
        ("PASSWORD = \\\n    'hunter2'", "PASSWORD = \\\n    '[redacted]'"),
        ("password: |\n  hunter2\n  more\nrtol: 1e-6", "password: |\n  [redacted]\nrtol: 1e-6"),
        ("<password>hunter2</password>", "<password>[redacted]</password>"),
        ("<db:password type=\"x\">hunter2</db:password>", "<db:password type=\"x\">[redacted]</db:password>"),
        ("<password><![CDATA[hunter2]]></password>", "<password><![CDATA[[redacted]</password>"),
        ("<add key=\"Password\" value=\"hunter2\"/>", "<add key=\"Password\" value=\"[redacted]\"/>"),
        ("<property name=\"password\">hunter2</property>", "<property name=\"password\">[redacted]</property>"),
        ("&lt;password&gt;hunter2&lt;/password&gt;", "&lt;password&gt;[redacted]&lt;/password&gt;"),
        ("('Authorization', 'Token abcdef')", "('Authorization', '[redacted]')"),
        ("[\"X-Api-Key\", \"abcdef\"]", "[\"X-Api-Key\", \"[redacted]\"]"),
        (
            "{\"name\": \"DB_PASSWORD\", \"value\": \"hunter2\"}",
            "{\"name\": \"DB_PASSWORD\", \"value\": \"[redacted]\"}",
        ),
        (
            "{\"value\": \"hunter2\", \"name\": \"DB_PASSWORD\"}",
            "{\"value\": \"[redacted]\", \"name\": \"DB_PASSWORD\"}",
        ),
        ("{name: DB_PASSWORD, value: hunter2}", "{name: DB_PASSWORD, value: [redacted]}"),
        ("- name: DB_PASSWORD\n  value: hunter2", "- name: DB_PASSWORD\n  value: [redacted]"),
        ("[\"solve\", \"--password\", \"hunter2\"]", "[\"solve\", \"--password\", \"[redacted]\"]"),
        ("solve --password hunter22 --rtol 1e-6", "solve --password [redacted] --rtol 1e-6"),
        ("solve --token t0p --rtol=1e-6", "solve --token [redacted] --rtol=1e-6"),
        ("curl -u bob:hunter2 https://h", "curl -u bob:[redacted] https://h"),
        ("curl -H 'Authorization: Bearer abcdefghijklmnop' x", "curl -H 'Authorization: [redacted]' x"),
        ("Authorization: Bearer abcdefghijklmnop", "Authorization: [redacted]"),
        ("Authorization: Token abc\nAccept: x", "Authorization: [redacted]\nAccept: x"),
        ("Cookie: a=b; c=d", "Cookie: [redacted]"),
        ("at postgres://me:hunter2@db/x it failed", "at postgres://[redacted]@db/x it failed"),
        ("https://h/a?sig=abcdef12%3D&n=3", "https://h/a?sig=[redacted]&n=3"),
        ("https://h/a?X-Amz-Signature=0123456789abcdef", "https://h/a?X-Amz-Signature=[redacted]"),
        ("os.environ['PGPASSWORD'] = 'x'", "os.environ['PGPASSWORD'] = '[redacted]'"),
        ("Some { password: Some(\"hunter2\") }", "Some { password: Some(\"[redacted]\") }"),
        ("export PGPASSWORD=hunter2; solve", "export PGPASSWORD=[redacted]; solve"),
        ("machine h login bob password hunter2x", "machine h login bob password [redacted]"),
        ("{ user = \"me\", password = \"x\", n = 3 }", "{ user = \"me\", password = \"[redacted]\", n = 3 }"),
        ("{user: me, password: hunter2, n: 3}", "{user: me, password: [redacted], n: 3}"),
        ("AccountKey=abcd1234==;EndpointSuffix=x", "AccountKey=[redacted];EndpointSuffix=x"),
        ("a\\npassword=hunter2\\nb", "a\\npassword=[redacted]\\nb"),
        ("db = connect(host='h', passwd='x')", "db = connect(host='h', passwd='[redacted]')"),
        ("'password' => 'hunter2'", "'password' => '[redacted]'"),
        ("credentials: {user: me, pin: 12}, n: 3", "credentials: [redacted], n: 3"),
    ] {
        assert_eq!(redact_text(text), redacted);
        assert_eq!(redact_text(redacted), redacted, "it is redacted once");
    }
}

#[test]
fn every_name_of_a_secret_is_known() {
    for name in [
        "passwords",
        "tokens",
        "api_keys",
        "PGPASSWORD",
        "password2",
        "auth_header",
        "db_pass",
        "ssh_key",
        "encryption_key",
        "github_pat",
        "access_token",
        "clientSecret",
    ] {
        assert!(is_secret_name(name), "{name}");
        for text in [format!("{{\"{name}\": \"hunter2x\"}}"), format!("{name}=hunter2x"), format!("{name}: hunter2x")] {
            assert!(!redact_text(&text).contains("hunter"), "{text}");
        }
    }
}

#[test]
fn tokens_are_known_by_their_format() {
    for prefix in [
        "sk_live_",
        "gsk_",
        "ya29.",
        "GOCSPX-",
        "xapp-1-",
        "hvs.",
        "pypi-AgEIcHlwaS5vcmc",
        "ghp_",
        "github_pat_",
        "glpat-",
        "sk-",
        "sk-ant-api03-",
        "npm_",
        "xoxb-",
        "hooks.slack.com/services/T0/B0/",
        "Bearer ",
        "dckr_pat_",
        "pul-",
    ] {
        let body = if prefix == "pul-" { "4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_owned() } else { token("") };
        let body = if prefix == "dckr_pat_" { body[..30].to_owned() } else { body };
        for text in ["{}", "at \"{}\": x", "key={}\nnext", "a\\n{}\\nb", "\u{1b}[31m{}\u{1b}[0m", "%22{}%22", "({})."] {
            let text = text.replace("{}", &format!("{prefix}{body}"));
            let clean = redact_text(&text);
            assert!(!clean.contains(&body[4..20]), "{text}: {clean}");
        }
    }
    let digits = "4b825dc642cb6eb9a060e54bf8d69288fbee49044b825dc642cb6eb9a060e54b";
    assert_eq!(redact_text(&format!("dop_v1_{digits}")), "[redacted]");
    let key = ["-----BEGIN OPENSSH PRIV", "ATE KEY-----\nb3BlbnNzaC1rZXk\n"].concat();
    assert_eq!(redact_text(&format!("x\n{key}")), "x\n[redacted]");
}

#[test]
fn texts_similar_to_secrets_are_unchanged() {
    for text in [
        "eos_token=128001",
        "token=0x7f3a12",
        "auth=2024001",
        "Basic GaussSeidelSolver2DPoisson",
        "ucx://rank0:mlx5_0@node7",
        "tokens_per_sec = 5000, n_tokens: 12, key_dim=64, max_new_tokens=128",
        "the password is missing",
        "let token = None;",
        "unexpected token: 'identifier' at 12",
        "unexpected token=identifier at 12",
        "password=[redacted] password=$PASSWORD password=hidden",
        "password = self.password",
        "connect(user=user, password=password)",
        "token = os.environ[\"API_TOKEN\"]",
        "api_key = get_secret(\"API_KEY\")",
        "password: {password}, token: <token>, secret: ***",
        "key: value",
        "author: Ada L.",
        "invalid password: it must not be empty",
        "PWD=/home/ada/run7",
        "",
        "::",
        "sk-learn",
        "/opt/envs/sk-learn-2.1.0-py312h0123456789/lib/python3.12/site-packages/sklearn/linear_model.py",
        "task-0123456789abcdef0123456789abcdef01234567",
        "risk-aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5",
        "01a21351-ff9b-736d-ac9d-0e7e3264969e",
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        "AKIA",
        "AKIAEELLKRAGVTHPSELL",
        "tcp://10.0.0.1:5555@eth0",
        "https://USER:PASSWORD@host/",
        "sk-0123456789abcdef0123456789abcdef",
        "expected Bearer authentication_of_the_user",
        "expected -----BEGIN PRIVATE KEY-----",
        "https://user:…@host/",
        "monkey=123456 residual=1.5e-12 tokens_per_sec=1234567 author=ada1815",
        "ψ=123456, é=1234567",
        "ASIAN_OPTION_PRICING_MODEL_2",
        "ghp_short",
        "https://example.org:8080/a@b:c",
        "ssh://git@example.org:22/x.git",
        "eyJ",
        "core::ops::function::FnOnce::call_once::h0123456789abcdef",
        "<alloc::boxed::Box<F> as core::ops::FnOnce<Args>>::call_once",
        "token::Kind, auth::check(user)",
        "step 12: residual=1.7e-3, |x|=4.0e+02, dt: 1e-6",
    ] {
        assert_eq!(redact_text(text), text);
    }
}

//! `failures suggest` with servers that implement the APIs of Gemini and OpenAI.

mod support;

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use support::server::{Reply, Server};
use support::{Run, Workspace};

const KEY: &str = "sesame-1234-open";

/// Environment variables that would change the tests.
const VARIABLES: [&str; 13] = [
    "GEMINI_API_KEY",
    "OPENAI_API_KEY",
    "FAILURES_PROVIDER",
    "FAILURES_MODEL",
    "FAILURES_BASE_URL",
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

fn without_variables(command: &mut Command) {
    for name in VARIABLES {
        command.env_remove(name);
    }
}

/// Runs `failures suggest` with these arguments and variables.
fn suggest(workspace: &Workspace, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = workspace.command(&[&["suggest"], args].concat());
    without_variables(&mut command);
    Run(command.envs(variables.iter().copied()).output().unwrap())
}

/// One of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Protocol {
    Gemini,
    OpenAi,
}

const BOTH: [Protocol; 2] = [Protocol::Gemini, Protocol::OpenAi];

impl Protocol {
    fn name(self) -> &'static str {
        if self == Protocol::Gemini { "gemini" } else { "openai" }
    }

    fn key_variable(self) -> &'static str {
        if self == Protocol::Gemini { "GEMINI_API_KEY" } else { "OPENAI_API_KEY" }
    }

    /// A reply with this text.
    fn says(self, text: &str) -> Reply {
        Reply::json(200, &self.body(text))
    }

    fn body(self, text: &str) -> Json {
        match self {
            Protocol::Gemini => json!({
                "candidates": [{ "content": { "role": "model", "parts": [{ "text": text }] }, "finishReason": "STOP" }],
                "usageMetadata": { "totalTokenCount": 321 },
                "modelVersion": "served-1",
            }),
            Protocol::OpenAi => json!({
                "choices": [{ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
                "usage": { "total_tokens": 321 },
                "model": "served-1",
            }),
        }
    }

    /// Asks a server for a model, with a key.
    fn ask(self, server: &Server, more: &[&str]) -> Run {
        self.ask_in(&Workspace::with_data(), server, more)
    }

    fn ask_in(self, workspace: &Workspace, server: &Server, more: &[&str]) -> Run {
        let url = server.url();
        let args = ["--provider", self.name(), "--model", "m-1", "--base-url", &url];
        suggest(workspace, &[&args, more].concat(), &[(self.key_variable(), KEY)])
    }

    /// The error message for a reply of the server.
    fn failure(self, reply: Reply) -> String {
        failed(&self.ask(&Server::start(&[reply]), &[]))
    }
}

/// The error message of a failed run. It must not contain the key.
fn failed(run: &Run) -> String {
    assert_eq!(run.code(), 1, "{}", run.transcript());
    assert_eq!(run.stdout(), "");
    let stderr = run.stderr();
    assert!(!stderr.contains("sesame"), "{stderr}");
    stderr
}

fn answer() -> Json {
    json!({
        "root_cause": "The step is too long.\nIt crosses the pole.",
        "fixes": [
            { "change": "Halve the step", "location": "src/flow.rs:7", "reason": "stability", "code": "h /= 2.0;\nt -= h;" },
            { "change": "Use an implicit method", "location": null, "reason": "stiffness", "code": null },
        ],
        "confidence": "medium",
    })
}

/// Runs a function and measures its time.
fn timed(run: impl FnOnce() -> Run) -> (Run, Duration) {
    let start = Instant::now();
    (run(), start.elapsed())
}

#[test]
fn an_answer_is_shown() {
    for protocol in BOTH {
        let server = Server::start(&[protocol.says(&answer().to_string())]);
        let run = protocol.ask(&server, &[]);
        let expected = format!(
            "\
Root cause
  The step is too long.
  It crosses the pole.

Suggestions
  1. Halve the step
     in src/flow.rs:7
     stability

         h /= 2.0;
         t -= h;

  2. Use an implicit method
     stiffness

confidence  medium
model       served-1 by {}, requested as m-1, 321 tokens
",
            protocol.name()
        );
        assert_eq!(run.transcript(), expected);
    }
}

#[test]
fn gemini_receives_its_protocol() {
    for model in ["m-1", "models/m-1"] {
        let server = Server::start(&[Protocol::Gemini.says(&answer().to_string())]);
        assert_eq!(Protocol::Gemini.ask(&server, &["--model", model]).code(), 2, "a model is named twice");
        let args = ["--model", model, "--base-url", &server.url(), "--provider", "gemini"];
        assert_eq!(suggest(&Workspace::with_data(), &args, &[("GEMINI_API_KEY", KEY)]).code(), 0);
        let transcript = server.only_request();
        assert_eq!(transcript.line, "POST /v1beta/models/m-1:generateContent HTTP/1.1");
        assert_eq!((transcript.header("x-goog-api-key"), transcript.header("authorization")), (Some(KEY), None));
        assert_eq!(transcript.header("content-type"), Some("application/json"));
        let body = transcript.json();
        assert!(body["systemInstruction"]["parts"][0]["text"].as_str().unwrap().contains("numerical"), "{body}");
        assert!(body["contents"][0]["parts"][0]["text"].as_str().unwrap().contains("theoretical reference"), "{body}");
        assert_eq!(body["generationConfig"]["responseMimeType"], "application/json");
        assert_eq!(body["generationConfig"]["responseJsonSchema"]["required"][0], "root_cause");
    }
}

#[test]
fn openai_receives_its_protocol() {
    for (path, key) in [("", Some(KEY)), ("/v1/", None), ("/a/b", None)] {
        let server = Server::start(&[Protocol::OpenAi.says(&answer().to_string())]);
        let url = server.url() + path;
        let variables: Vec<_> = key.map(|key| ("OPENAI_API_KEY", key)).into_iter().collect();
        // A base URL implies this API, and no key is needed.
        let run = suggest(&Workspace::with_data(), &["--model", "m-1", "--base-url", &url], &variables);
        assert_eq!(run.code(), 0, "{}", run.transcript());
        let transcript = server.only_request();
        let below = if path.is_empty() { "/v1" } else { path.trim_end_matches('/') };
        assert_eq!(transcript.line, format!("POST {below}/chat/completions HTTP/1.1"));
        assert_eq!(transcript.header("authorization").map(str::to_owned), key.map(|key| format!("Bearer {key}")));
        let body = transcript.json();
        assert_eq!((&body["model"], &body["stream"]), (&json!("m-1"), &json!(false)));
        assert_eq!((&body["messages"][0]["role"], &body["messages"][1]["role"]), (&json!("system"), &json!("user")));
        assert_eq!(body["response_format"]["type"], "json_schema");
        assert_eq!(body["response_format"]["json_schema"]["strict"], true);
        assert_eq!(body["response_format"]["json_schema"]["schema"]["required"][0], "root_cause");
    }
}

#[test]
fn a_model_cannot_speak_to_the_terminal() {
    for protocol in BOTH {
        let mut answer = answer();
        answer["root_cause"] = json!("a\u{1b}[2Jb");
        answer["fixes"][0] =
            json!({ "change": "\u{9b}1A", "location": "x\n\u{1b}", "reason": "\u{202e}", "code": "\u{7}\r" });
        let mut body = protocol.body(&answer.to_string());
        let model = if protocol == Protocol::Gemini { "modelVersion" } else { "model" };
        body[model] = json!("\u{1b}]0;gone\u{7}");
        let transcript = protocol.ask(&Server::start(&[Reply::json(200, &body)]), &[]).transcript();
        assert!(transcript.contains("a\\u{1b}[2Jb"), "{transcript}");
        assert!(!transcript.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{transcript:?}");
        let error = json!({ "error": { "message": "\u{1b}[2J\nall" } });
        let transcript = protocol.failure(Reply::json(400, &error));
        assert!(transcript.contains("\\u{1b}[2J all"), "{transcript}");
    }
}

#[test]
fn a_fence_around_the_answer_is_taken_off() {
    for protocol in BOTH {
        let run = protocol.ask(&Server::start(&[protocol.says(&format!("```json\n{}\n```", answer()))]), &[]);
        assert!(run.code() == 0 && run.stdout().contains("1. Halve the step"), "{}", run.transcript());
    }
}

#[test]
fn invalid_answers_are_saved() {
    for protocol in BOTH {
        let mut broken = answer();
        broken["confidence"] = json!("certain");
        let workspace = Workspace::with_data();
        let stderr = failed(&protocol.ask_in(&workspace, &Server::start(&[protocol.says(&broken.to_string())]), &[]));
        assert!(stderr.contains("invalid answer: /confidence: "), "{stderr}");
        let (_, path) = stderr.trim_start_matches("failures: ").split_once("the reply of served-1 is in ").unwrap();
        let path = path.split_once(": ").unwrap().0;
        assert!(path.starts_with("io/failures/.suggestions/raw_"), "{path}");
        assert_eq!(std::fs::read_to_string(workspace.dir().join(path)).unwrap(), broken.to_string());
    }
}

#[test]
fn a_stream_is_not_taken_for_an_answer() {
    for protocol in BOTH {
        let reply = Reply::http(200, &["content-type: text/event-stream"], "data: {}\n\n");
        let stderr = protocol.failure(reply);
        assert!(stderr.contains("answers with a stream instead of JSON"), "{stderr}");
    }
}

#[test]
fn error_messages_of_the_server_are_shown() {
    for protocol in BOTH {
        let error = json!({ "error": { "code": 400, "message": "unknown\nschema keyword", "status": "INVALID" } });
        let stderr = protocol.failure(Reply::json(400, &error));
        assert!(stderr.contains("answers 400 Bad Request: unknown schema keyword\n"), "{stderr}");
        assert!(stderr.starts_with("failures: http://127.0.0.1:"), "{stderr}");

        let stderr = protocol.failure(Reply::http(404, &[], "<h1>no such page</h1>"));
        assert!(
            stderr.contains("answers 404 Not Found: <h1>no such page</h1>; check --model and --base-url"),
            "{stderr}"
        );

        let stderr = protocol.failure(Reply::json(200, &json!({ "error": { "message": "no provider is free" } })));
        assert!(stderr.contains("answers with an error: no provider is free"), "{stderr}");
    }
}

#[test]
fn a_key_that_a_server_repeats_is_not_shown() {
    for protocol in BOTH {
        let text = format!("Incorrect key: {KEY}, or sesame-12****. Bearer \"{KEY}\"");
        for reply in [
            Reply::json(401, &json!({ "error": { "message": text } })),
            Reply::http(401, &[], text.clone()),
            Reply::http(200, &[], text.clone()),
            Reply::http(302, &[&format!("location: http://127.0.0.1:1/{KEY}")], ""),
        ] {
            let stderr = protocol.failure(reply);
            assert!(stderr.contains("[redacted]"), "{stderr}");
        }
        let stderr = protocol.failure(Reply::http(401, &[], ""));
        assert!(stderr.contains(&format!("check the key in {}", protocol.key_variable())), "{stderr}");
    }
}

#[test]
fn too_many_requests_wait_for_the_requested_time() {
    for protocol in BOTH {
        let busy = Reply::json(429, &json!({ "error": { "message": "slow down" } })).with_header("retry-after: 1");
        let server = Server::start(&[busy, protocol.says(&answer().to_string())]);
        let (run, elapsed) = timed(|| protocol.ask(&server, &[]));
        assert_eq!(run.code(), 0, "{}", run.transcript());
        assert!(elapsed >= Duration::from_secs(1), "{elapsed:?}");
        assert_eq!(server.requests().len(), 2);
        assert_eq!(server.requests()[0].body, server.requests()[1].body);
    }
}

#[test]
fn delays_beyond_the_timeout_are_not_waited_for() {
    let error = |more: Json| json!({ "error": { "message": "quota", "details": [more] } });
    for (protocol, reply) in [
        (Protocol::OpenAi, Reply::json(429, &error(json!({}))).with_header("retry-after: 9999")),
        (Protocol::Gemini, Reply::json(429, &error(json!({ "retryDelay": "9999s" })))),
        (
            Protocol::OpenAi,
            Reply::json(503, &error(json!({}))).with_header("retry-after: Sat, 01 Jan 3020 00:00:00 GMT"),
        ),
    ] {
        let server = Server::start(&[reply]);
        let (run, elapsed) = timed(|| protocol.ask(&server, &[]));
        let stderr = failed(&run);
        assert!(stderr.contains(": quota; retry after "), "{stderr}");
        assert!(stderr.contains("2h 46m 39s") || stderr.contains("years"), "{stderr}");
        assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
        server.only_request();
    }
}

#[test]
fn a_bill_that_is_not_paid_is_not_waited_for() {
    let error = json!({ "error": { "message": "you exceeded your quota", "code": "insufficient_quota" } });
    let server = Server::start(&[Reply::json(429, &error)]);
    failed(&Protocol::OpenAi.ask(&server, &[]));
    server.only_request();
}

#[test]
fn temporary_errors_are_retried() {
    for (protocol, first) in [
        (Protocol::Gemini, Reply::http(500, &[], "")),
        (Protocol::OpenAi, Reply::http(503, &[], "")),
        (Protocol::OpenAi, Reply::Close),
    ] {
        let server = Server::start(&[first, protocol.says(&answer().to_string())]);
        let run = protocol.ask(&server, &[]);
        assert_eq!(run.code(), 0, "{}", run.transcript());
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn retries_end_with_the_timeout() {
    for protocol in BOTH {
        let server = Server::start(&[Reply::http(500, &[], "out of order")]);
        let (run, elapsed) = timed(|| protocol.ask(&server, &["--timeout", "1s"]));
        let stderr = failed(&run);
        assert!(stderr.contains("answers 500 Internal Server Error: out of order ("), "{stderr}");
        assert!(elapsed < Duration::from_millis(1500), "{elapsed:?}");
    }
}

#[test]
fn a_silent_server_times_out() {
    for protocol in BOTH {
        let server = Server::start(&[Reply::Hang]);
        let (run, elapsed) = timed(|| protocol.ask(&server, &["--timeout", "1s"]));
        let stderr = failed(&run);
        assert!(stderr.contains("did not answer within 1s; use --timeout to wait longer"), "{stderr}");
        assert!(elapsed < Duration::from_millis(1800), "{elapsed:?}");
        server.only_request();
    }
}

#[test]
fn an_incomplete_body_times_out() {
    // The body is shorter than announced and the connection stays open. The client must not wait forever.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let keeper = std::thread::spawn(move || {
        use std::io::Write;
        let (mut connection, _) = listener.accept().unwrap();
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").unwrap();
        connection
    });
    let args = ["--base-url", &url, "--model", "m-1", "--timeout", "1s"];
    let (run, elapsed) = timed(|| suggest(&Workspace::with_data(), &args, &[]));
    assert!(failed(&run).contains("did not answer within 1s"), "{}", run.transcript());
    assert!(elapsed < Duration::from_millis(1800), "{elapsed:?}");
    drop(keeper.join());
}

#[test]
fn a_refused_connection_is_reported_immediately() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let (run, elapsed) = timed(|| suggest(&Workspace::with_data(), &["--base-url", &url, "--model", "m-1"], &[]));
    let stderr = failed(&run);
    assert!(stderr.contains(&format!("{url}/v1/chat/completions cannot be reached: ")), "{stderr}");
    assert!(stderr.contains("refused") && !stderr.contains("attempts"), "{stderr}");
    assert!(stderr.ends_with("; check the network, the server and --base-url\n"), "{stderr}");
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
}

#[test]
fn a_connection_that_breaks_is_not_tried_for_ever() {
    let server = Server::start(&[Reply::Close]);
    let stderr = failed(&Protocol::OpenAi.ask(&server, &[]));
    assert!(stderr.contains("cannot be reached: ") && stderr.contains(" (3 attempts); "), "{stderr}");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_body_without_end_is_not_read_to_its_end() {
    for protocol in BOTH {
        let stderr = protocol.failure(Reply::http(200, &[], vec![b' '; 5 << 20]));
        assert!(stderr.contains("answers with more than 4.0 MiB"), "{stderr}");
    }
}

#[test]
fn a_page_is_no_answer() {
    for protocol in BOTH {
        let stderr = protocol.failure(Reply::http(200, &[], "<html>\nwelcome"));
        assert!(stderr.contains("does not answer with JSON: <html> welcome; check --base-url"), "{stderr}");
        let stderr = protocol.failure(Reply::json(200, &json!({ "candidates": [], "choices": [] })));
        assert!(stderr.contains("answers without text"), "{stderr}");
    }
}

#[test]
fn the_key_does_not_go_elsewhere() {
    for protocol in BOTH {
        let elsewhere = Server::start(&[protocol.says(&answer().to_string())]);
        for status in [301, 302, 303, 307, 308] {
            let location = format!("location: {}/v1?key=secret", elsewhere.url());
            let stderr = protocol.failure(Reply::http(status, &[&location], ""));
            assert!(
                stderr.contains(&format!("it redirects to {}/v1; redirects are not followed", elsewhere.url())),
                "{stderr}"
            );
        }
        assert!(elsewhere.requests().is_empty(), "{:?}", elsewhere.requests());
    }
}

#[test]
fn local_requests_bypass_proxies() {
    let (server, proxy) =
        (Server::start(&[Protocol::OpenAi.says(&answer().to_string())]), Server::start(&[Reply::Close]));
    let (url, proxy_url) = (server.url(), proxy.url());
    let variables = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].map(|name| (name, proxy_url.as_str()));
    let run = suggest(&Workspace::with_data(), &["--base-url", &url, "--model", "m-1"], &variables);
    assert_eq!(run.code(), 0, "{}", run.transcript());
    assert!(proxy.requests().is_empty());
}

#[test]
fn an_incomplete_reply_is_not_an_answer() {
    let gemini = |reason: &str| {
        let mut body = Protocol::Gemini.body(&answer().to_string());
        body["candidates"][0]["finishReason"] = json!(reason);
        Protocol::Gemini.failure(Reply::json(200, &body))
    };
    assert!(gemini("MAX_TOKENS").contains("truncated the answer: the model reached its token limit"));
    assert!(gemini("SAFETY").contains("stopped the answer: SAFETY"));
    let openai = |reason: &str| {
        let mut body = Protocol::OpenAi.body(&answer().to_string());
        body["choices"][0]["finish_reason"] = json!(reason);
        Protocol::OpenAi.failure(Reply::json(200, &body))
    };
    assert!(openai("length").contains("truncated the answer: the model reached its token limit"));
    assert!(openai("content_filter").contains("stopped the answer: content_filter"));
}

#[test]
fn refusals_of_a_model_are_reported() {
    let blocked = json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" } });
    let stderr = Protocol::Gemini.failure(Reply::json(200, &blocked));
    assert!(stderr.contains("blocked the prompt: PROHIBITED_CONTENT"), "{stderr}");
    let refusal = json!({ "choices": [{ "message": { "content": null, "refusal": "I cannot help" } }] });
    let stderr = Protocol::OpenAi.failure(Reply::json(200, &refusal));
    assert!(stderr.contains("the model refuses to answer: I cannot help"), "{stderr}");
}

#[test]
fn missing_settings_are_reported() {
    let workspace = Workspace::with_data();
    let stderr = failed(&suggest(&workspace, &[], &[]));
    assert!(stderr.contains("GEMINI_API_KEY") && stderr.contains("--base-url"), "{stderr}");

    for (args, key) in [(&["--provider", "openai"][..], ""), (&[], "k-1"), (&["--model", " "], "k-1")] {
        let stderr = failed(&suggest(&workspace, args, &[("GEMINI_API_KEY", key)]));
        assert!(
            stderr.contains("no model is named: set --model, FAILURES_MODEL, or model in the table [suggest]"),
            "{stderr}"
        );
        assert!(stderr.contains("models") && stderr.contains("https://"), "{stderr}");
    }

    let server = Server::start(&[Reply::Close]);
    let args = ["--provider", "gemini", "--model", "m-1", "--base-url", &server.url()];
    let stderr = failed(&suggest(&workspace, &args, &[("GEMINI_API_KEY", "")]));
    assert!(stderr.contains("requires a key; set GEMINI_API_KEY"), "{stderr}");
    assert!(server.requests().is_empty());

    let run = suggest(&workspace, &["--provider", "claude"], &[]);
    assert_eq!(run.code(), 2, "{}", run.transcript());
    let stderr = failed(&suggest(&workspace, &["--model", "../x", "--provider", "gemini"], &[]));
    assert!(stderr.contains("is not a name of a Gemini model"), "{stderr}");
    let stderr = failed(&suggest(&workspace, &["--model", "m-1"], &[("GEMINI_API_KEY", "sesame\nopen")]));
    assert!(stderr.contains("GEMINI_API_KEY does not contain a valid key"), "{stderr}");
}

#[test]
fn keys_are_sent_only_over_private_connections() {
    let workspace = Workspace::with_data();
    for protocol in BOTH {
        for url in ["http://model.invalid", "http://localhost.model.invalid:80/v1", "http://127.0.0.1.model.invalid"] {
            let args = ["--provider", protocol.name(), "--model", "m-1", "--base-url", url];
            let stderr = failed(&suggest(&workspace, &args, &[(protocol.key_variable(), KEY)]));
            let expected =
                format!("the key in {} is not sent to {url}: http is not encrypted", protocol.key_variable());
            assert!(stderr.contains(&expected), "{stderr}");
        }
        let args = ["--provider", protocol.name(), "--model", "m-1", "--base-url", "http://127.0.0.1@model.invalid"];
        let stderr = failed(&suggest(&workspace, &args, &[(protocol.key_variable(), KEY)]));
        assert!(stderr.contains("a base URL must not contain a user or password"), "{stderr}");
    }
}

/// Writes `failures.toml`.
fn write_file(workspace: &Workspace, text: &str) {
    std::fs::write(workspace.dir().join("failures.toml"), text).unwrap();
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let server = Server::start(&[Protocol::OpenAi.says(&answer().to_string())]);
    let workspace = Workspace::with_data();
    write_file(&workspace, &format!("[suggest]\nbase_url = {:?}\nmodel = 'from-file'\ntimeout = '5s'\n", server.url()));
    let model_asked = |args: &[&str], variables: &[(&str, &str)]| {
        let run = suggest(&workspace, &[&["--fresh"], args].concat(), variables);
        assert_eq!(run.code(), 0, "{}", run.transcript());
        server.requests().last().unwrap().json()["model"].as_str().unwrap().to_owned()
    };
    assert_eq!(model_asked(&[], &[]), "from-file");
    assert_eq!(model_asked(&[], &[("FAILURES_MODEL", "from-env")]), "from-env");
    assert_eq!(model_asked(&[], &[("FAILURES_MODEL", "")]), "from-file");
    assert_eq!(model_asked(&["--model", "from-flag"], &[("FAILURES_MODEL", "from-env")]), "from-flag");

    // The file is also found from a subdirectory.
    let below = workspace.dir().join("src");
    std::fs::create_dir(&below).unwrap();
    let mut command = workspace.command(&["suggest"]);
    without_variables(&mut command);
    let run = Run(command.current_dir(below).output().unwrap());
    assert_eq!(run.code(), 0, "{}", run.transcript());
}

#[test]
fn settings_of_one_provider_do_not_apply_to_the_other() {
    let (of_file, elsewhere) =
        (Server::start(&[Reply::Close]), Server::start(&[Protocol::Gemini.says(&answer().to_string())]));
    let workspace = Workspace::with_data();
    write_file(&workspace, &format!("[suggest]\nbase_url = {:?}\nmodel = 'from-file'\n", of_file.url()));
    let variables = [("FAILURES_PROVIDER", "gemini"), ("GEMINI_API_KEY", KEY)];
    let stderr = failed(&suggest(&workspace, &[], &variables));
    assert!(stderr.contains("no model is named"), "{stderr}");
    let request = suggest(&workspace, &["--model", "m-1", "--dry-run"], &variables).stdout();
    assert!(
        request.starts_with("POST https://generativelanguage.googleapis.com/v1beta/models/m-1:generateContent\n"),
        "{request}"
    );

    let url = elsewhere.url();
    let run = suggest(&workspace, &["--model", "m-1"], &[&variables[..], &[("FAILURES_BASE_URL", &url)]].concat());
    assert_eq!(run.code(), 0, "{}", run.transcript());
    assert_eq!(elsewhere.only_request().line, "POST /v1beta/models/m-1:generateContent HTTP/1.1");
    assert!(of_file.requests().is_empty());

    write_file(&workspace, "[suggest]\nmodel = 'from-file'\n");
    let request = suggest(&workspace, &["--dry-run"], &variables).stdout();
    assert!(request.contains("/models/from-file:generateContent\n"), "{request}");
}

#[test]
fn the_timeout_in_the_file_is_used() {
    let server = Server::start(&[Reply::Hang]);
    let workspace = Workspace::with_data();
    write_file(&workspace, "[suggest]\ntimeout = '300ms'\n");
    let stderr = failed(&Protocol::OpenAi.ask_in(&workspace, &server, &[]));
    assert!(stderr.contains("did not answer within 300ms"), "{stderr}");
}

#[test]
fn errors_in_the_file_are_named() {
    let workspace = Workspace::with_data();
    for (text, expected) in [
        ("[suggest]\nmodel = 'm'\nmodle = 'm'\n", "failures: failures.toml, line 3: unknown field `modle`"),
        ("[suggest]\nprovider = 'claude'\n", "failures: failures.toml, line 2: unknown variant `claude`"),
        ("[suggest]\ntimeout = 'soon'\n", "failures: failures.toml, line 2: timeout \"soon\""),
        ("[suggest]\nopenai_api_key = 'sesame'\n", "failures: failures.toml, line 2: unknown field `openai_api_key`"),
    ] {
        write_file(&workspace, text);
        let stderr = failed(&suggest(&workspace, &[], &[]));
        assert!(stderr.starts_with(expected), "{stderr}");
    }
}

#[test]
fn a_file_alone_does_not_choose_the_destination_of_a_key() {
    let workspace = Workspace::with_data();
    write_file(&workspace, "[suggest]\nbase_url = 'https://model.invalid'\nmodel = 'm-1'\n");
    let key = [("OPENAI_API_KEY", KEY)];
    let stderr = failed(&suggest(&workspace, &[], &key));
    assert!(stderr.contains("only a failures.toml names https://model.invalid, so nothing is sent"), "{stderr}");
    let run = suggest(&workspace, &["--dry-run", "--base-url", "https://model.invalid"], &key);
    assert_eq!(run.code(), 0, "{}", run.transcript());
}

#[test]
fn a_dry_run_prints_the_request_without_the_key() {
    for protocol in BOTH {
        let server = Server::start(&[Reply::Close]);
        let run = protocol.ask(&server, &["--dry-run"]);
        assert_eq!(run.code(), 0, "{}", run.transcript());
        assert!(server.requests().is_empty());
        let request = run.stdout();
        assert!(request.starts_with(&format!("POST {}/v1", server.url())), "{request}");
        assert!(!request.contains("sesame") && request.contains("[redacted]"), "{request}");
        let body: Json = serde_json::from_str(request.split_once("\n\n").unwrap().1).unwrap();

        let server = Server::start(&[protocol.says(&answer().to_string())]);
        protocol.ask(&server, &[]);
        assert_eq!(server.only_request().json(), body);
    }
}

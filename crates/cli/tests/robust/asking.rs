//! `failures suggest` with files of other users, odd replies of servers, and closed output.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use record::Failure;
use serde_json::{Value as Json, json};

use crate::failure;
use crate::support::server::{Reply, Server};
use crate::support::{Run, Workspace};

const KEY: &str = "sesame-1234,open;wide";

fn answer() -> Json {
    let fix = json!({ "change": "Damp it", "location": "src/newton.rs:7", "reason": "it overshoots", "code": null });
    json!({ "root_cause": "The step is too long.", "fixes": [fix], "confidence": "high" })
}

fn body(text: &str) -> Json {
    json!({
        "choices": [{ "message": { "content": text }, "finish_reason": "stop" }],
        "usage": { "total_tokens": 300 },
        "model": "served-1",
    })
}

fn says(text: &str) -> Reply {
    Reply::json(200, &body(text))
}

fn command(workspace: &Workspace, args: &[&str]) -> Command {
    let mut command = workspace.command(&[&["suggest"], args].concat());
    for name in ["GEMINI_API_KEY", "OPENAI_API_KEY", "FAILURES_PROVIDER", "FAILURES_MODEL", "FAILURES_BASE_URL"] {
        command.env_remove(name);
    }
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command
}

fn ask(workspace: &Workspace, server: &Server, args: &[&str]) -> Run {
    let url = server.url();
    let args = [&["--model", "m-1", "--base-url", &url], args].concat();
    Run(command(workspace, &args).env("OPENAI_API_KEY", KEY).output().unwrap())
}

fn fixes(path: &Path) -> Vec<String> {
    Failure::from_path(path).unwrap().suggested_fixes
}

/// A workspace with one record that contains a secret.
fn workspace() -> Workspace {
    let workspace = Workspace::empty();
    let mut failure = failure("no convergence");
    failure.parameters.insert("note", "postgres://me:hunter2@db.example/x");
    workspace.record(&failure);
    workspace
}

fn write_configuration(workspace: &Workspace, server: &Server) -> std::path::PathBuf {
    let path = workspace.dir().join("failures.toml");
    let text = format!("[suggest]\nmodel = 'm-1'\nbase_url = '{}'\n", server.url());
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_file_alone_does_not_choose_the_destination_of_keys_and_secrets() {
    let (workspace, server) = (workspace(), Server::start(&[says(&answer().to_string())]));
    write_configuration(&workspace, &server);
    let run = Run(command(&workspace, &[]).env("OPENAI_API_KEY", KEY).output().unwrap());
    assert_eq!(run.code(), 0, "{}", run.transcript());
    let request = server.only_request();
    assert_eq!(request.header("authorization"), None);
    assert!(!request.body.contains("hunter2"), "{}", request.body);

    let run = Run(command(&workspace, &["--fresh"])
        .env("OPENAI_API_KEY", KEY)
        .env("FAILURES_BASE_URL", server.url())
        .output()
        .unwrap());
    assert_eq!(run.code(), 0, "{}", run.transcript());
    let request = server.requests().pop().unwrap();
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
    assert!(request.body.contains("hunter2"), "{}", request.body);
    // Gemini needs a key.
    let text = format!("[suggest]\nprovider = 'gemini'\nmodel = 'm-1'\nbase_url = '{}'\n", server.url());
    std::fs::write(workspace.dir().join("failures.toml"), text).unwrap();
    let run = Run(command(&workspace, &["--fresh"]).env("GEMINI_API_KEY", KEY).output().unwrap());
    assert!(run.code() == 1 && run.stderr().contains("so nothing is sent"), "{}", run.transcript());
    assert_eq!(server.requests().len(), 2);
}

#[test]
#[cfg(unix)]
fn a_file_that_others_can_have_written_is_not_read() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let (workspace, server) = (workspace(), Server::start(&[says(&answer().to_string())]));
    let path = write_configuration(&workspace, &server);
    let check = || {
        let run = Run(command(&workspace, &[]).env("OPENAI_API_KEY", KEY).output().unwrap());
        assert_eq!(run.code(), 1, "{}", run.transcript());
        assert!(run.stderr().contains("failures.toml is ignored"), "{}", run.stderr());
        assert!(server.requests().is_empty());
    };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    check();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    if chown(&path, Some(1001), Some(1001)).is_err() {
        eprintln!("skipped: this part needs the superuser");
        return;
    }
    check();
    // Options suffice, but the ignored file is still reported.
    let run = ask(&workspace, &server, &[]);
    assert_eq!(run.code(), 0, "{}", run.transcript());
    assert!(run.stderr().contains("failures.toml is ignored"), "{}", run.stderr());
}

#[test]
#[cfg(unix)]
fn a_configuration_that_is_no_ordinary_file_is_refused() {
    let (workspace, server) = (workspace(), Server::start(&[says(&answer().to_string())]));
    let path = workspace.dir().join("failures.toml");
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().unwrap().success());
    let run = ask(&workspace, &server, &[]);
    assert_eq!(run.code(), 1, "{}", run.transcript());
    assert!(run.stderr().contains("failures.toml: not a regular file"), "{}", run.stderr());
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    // All users can write to this device.
    let run = ask(&workspace, &server, &[]);
    assert!(run.stderr().contains("failures.toml is ignored"), "{}", run.transcript());
}

#[test]
fn an_empty_variable_is_not_set() {
    let (workspace, server) = (workspace(), Server::start(&[says(&answer().to_string())]));
    let mut command = command(&workspace, &["--model", "m-1", "--base-url", &server.url()]);
    for name in ["FAILURES_PROVIDER", "FAILURES_MODEL", "FAILURES_BASE_URL", "TRACING_FAILURE_DIR", "OPENAI_API_KEY"] {
        command.env(name, "");
    }
    let run = Run(command.output().unwrap());
    assert_eq!(run.code(), 0, "{}", run.transcript());
}

#[test]
fn an_answer_for_a_closed_output_is_saved_and_reported() {
    for args in [&["--save"][..], &["--all", "--save"]] {
        let (workspace, server) = (workspace(), Server::start(&[says(&answer().to_string())]));
        let path =
            workspace.failures().join(workspace.files().into_iter().find(|name| name.starts_with("general")).unwrap());
        let url = server.url();
        let mut command = command(&workspace, &[&["--model", "m-1", "--base-url", &url], args].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains("cannot write to standard output") && stderr.contains("the answer is stored"),
            "{stderr}"
        );
        assert_eq!(fixes(&path).last().unwrap(), "Damp it (src/newton.rs:7): it overshoots");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_the_output_is_reported_and_ends_the_questions() {
    let (workspace, server) = (workspace(), Server::start(&[says(&answer().to_string())]));
    let mut other = failure("singular");
    other.computation = "other".to_owned();
    workspace.record(&other);
    let url = server.url();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = command(&workspace, &["--model", "m-1", "--base-url", &url, "--all", "--save"]);
    let run = Run(command.stdout(full).output().unwrap());
    assert_eq!(run.code(), 1, "{}", run.transcript());
    assert!(run.stderr().contains("No space left"), "{}", run.stderr());
    assert_eq!(server.requests().len(), 1);
}

/// A server that runs a function before it answers.
fn answering_after(work: impl FnOnce() + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(connection.try_clone().unwrap());
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line).unwrap() > 2 {
            let header = line.to_lowercase();
            length = header.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().unwrap());
            line.clear();
        }
        reader.take(length).read_to_end(&mut Vec::new()).unwrap();
        work();
        let body = body(&answer().to_string()).to_string();
        write!(connection, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            .unwrap();
    });
    url
}

#[test]
fn advice_is_saved_in_the_requested_record() {
    let workspace = Workspace::empty();
    let first = workspace.record(&failure("first"));
    let failures = workspace.failures();
    let url = answering_after(move || {
        record::Store::open(failures).unwrap().write(&failure("second")).unwrap();
    });
    let args = ["io/failures/latest.json", "--model", "m-1", "--base-url", &url, "--save"];
    let run = Run(command(&workspace, &args).output().unwrap());
    assert_eq!(run.code(), 0, "{}", run.transcript());
    assert_eq!(fixes(&first).len(), 1);
    let latest = Failure::from_path(workspace.failures().join("latest.json")).unwrap();
    assert_eq!((&*latest.error_message, latest.suggested_fixes.len()), ("second", 0));

    let (path, other) = (first.clone(), failure("third").to_json());
    let url = answering_after(move || std::fs::write(path, other).unwrap());
    let args = [first.to_str().unwrap(), "--model", "m-1", "--base-url", &url, "--save", "--fresh"];
    let run = Run(command(&workspace, &args).output().unwrap());
    assert_eq!(run.code(), 1, "{}", run.transcript());
    assert!(run.stdout().contains("The step is too long.") && run.stderr().contains("now contains another record"));
    assert!(fixes(&first).is_empty());
}

#[test]
fn an_answer_that_cannot_be_saved_is_shown() {
    let (workspace, server) = (workspace(), Server::start(&[says(&answer().to_string()), says("no answer")]));
    std::fs::write(workspace.failures().join(".suggestions"), "a file").unwrap();
    let run = ask(&workspace, &server, &[]);
    assert_eq!(run.code(), 0, "{}", run.transcript());
    assert!(run.stdout().contains("The step is too long."));
    assert!(run.stderr().contains("the answer is not cached"), "{}", run.stderr());
    let run = ask(&workspace, &server, &[]);
    assert!(run.stderr().contains("served-1 replied \"no answer\""), "{}", run.stderr());
}

#[test]
fn an_edited_answer_is_not_taken_for_the_models() {
    let (workspace, server) = (workspace(), Server::start(&[says(&answer().to_string())]));
    ask(&workspace, &server, &[]);
    let run = ask(&workspace, &server, &[]);
    assert!(run.stdout().contains("cached in .suggestions"), "{}", run.transcript());
    assert_eq!(server.requests().len(), 1);
    let dir = workspace.failures().join(".suggestions");
    let file = std::fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let cached: Json = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let fix = &cached["answer"]["fixes"][0];
    for (number, (pointer, value)) in [
        ("/answer/root_cause", json!("")),
        ("/answer/fixes", Json::Array(vec![fix.clone(); 100])),
        ("/model", json!("another-model")),
        ("/answer/root_cause", json!("Edited.")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut edited = cached.clone();
        *edited.pointer_mut(pointer).unwrap() = value;
        std::fs::write(&file, edited.to_string()).unwrap();
        let run = ask(&workspace, &server, &[]);
        assert!(
            run.stdout().contains("served-1") && run.stdout().contains("The step is too long."),
            "{}",
            run.transcript()
        );
        assert_eq!(server.requests().len(), number + 2, "{pointer}");
    }
}

#[test]
fn the_key_is_removed_from_answers() {
    let mut reply_with_key = answer();
    reply_with_key["root_cause"] = format!("Your key is {KEY}.").into();
    reply_with_key["fixes"][0]["code"] = format!("key = \"{KEY}\"").into();
    let mut named = body(&reply_with_key.to_string());
    named["model"] = format!("model-{KEY}").into();
    let workspace = workspace();
    let run = ask(&workspace, &Server::start(&[Reply::json(200, &named)]), &["--save"]);
    assert_eq!(run.code(), 0, "{}", run.transcript());
    assert!(run.stdout().contains("Your key is [redacted]."), "{}", run.transcript());
    let error = json!({ "error": { "message": format!("wrong key {KEY}, or sesame-1234,op***") } });
    let failed = ask(&workspace, &Server::start(&[Reply::json(401, &error)]), &["--fresh"]);
    let raw = ask(&workspace, &Server::start(&[says(&format!("no answer, {KEY}"))]), &["--fresh"]);
    for run in [&run, &failed, &raw] {
        assert!(
            !run.transcript().contains("sesame") && !run.transcript().contains("open;wide"),
            "{}",
            run.transcript()
        );
    }
    let output = Command::new("grep").args(["-r", "sesame"]).arg(workspace.dir()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

#[test]
fn the_limit_of_tokens_holds_without_answers_and_without_counts() {
    let mut uncounted = body(&answer().to_string());
    uncounted.as_object_mut().unwrap().remove("usage");
    let mut cut = body("");
    cut["choices"][0]["finish_reason"] = "length".into();
    for reply in [Reply::json(200, &uncounted), says("no answer"), Reply::json(200, &cut)] {
        let workspace = Workspace::empty();
        for name in ["a", "b", "c"] {
            let mut failure = failure("no convergence");
            failure.computation = name.to_owned();
            workspace.record(&failure);
        }
        let server = Server::start(&[reply]);
        let run = ask(&workspace, &server, &["--all", "--max-tokens", "200"]);
        assert_eq!(server.requests().len(), 1, "{}", run.transcript());
        assert!(run.stderr().contains("tokens used: 2 groups not asked about"), "{}", run.stderr());
    }
}

#[test]
fn odd_replies_of_servers_are_understood() {
    let mut with_error = body(&answer().to_string());
    with_error["error"] = json!({});
    let mut long_name = body(&answer().to_string());
    long_name["model"] = "m".repeat(3 << 20).into();
    let with_byte_order_mark = format!("\u{feff}{}", body(&format!("\u{feff}{}", answer())));
    for reply in [
        Reply::json(200, &with_error),
        Reply::json(200, &long_name),
        Reply::http(200, &["content-type: application/json"], with_byte_order_mark),
    ] {
        let run = ask(&workspace(), &Server::start(&[reply]), &["--save"]);
        assert_eq!(run.code(), 0, "{}", run.stderr());
        assert!(run.stdout().contains("The step is too long.") && run.stdout().len() < 2_000);
    }
    let run = ask(&workspace(), &Server::start(&[Reply::http(304, &[], "")]), &[]);
    assert!(run.stderr().contains("answers 304") && !run.stderr().contains("sends us"), "{}", run.stderr());
}

#[test]
fn invisible_characters_and_other_hosts_are_not_sent() {
    let workspace = Workspace::empty();
    let mut old = failure("no convergence");
    let host = |failure: &Failure, name: &str| {
        let json = failure
            .to_json()
            .replace("\"context\": {", &format!("\"context\": {{\"process\": {{\"pid\": 1, \"host\": \"{name}\"}},"));
        Failure::from_json(&json).unwrap()
    };
    let path = workspace.record(&host(&old, "secretnode17.cluster.edu"));
    let run = workspace.run(&["resolve", path.to_str().unwrap(), "--fix", "moved it away from secretnode17"]);
    assert_eq!(run.code(), 0, "{}", run.transcript());
    old = failure("no convergence");
    let invisible = "\u{fe00}\u{fe0f}\u{34f}\u{115f}\u{2800}\u{3164}\u{ffa0}\u{feff}";
    old.parameters.insert("method", format!("RK{invisible}45"));
    workspace.record(&host(&old, "othernode3"));
    let server = Server::start(&[says(&answer().to_string())]);
    ask(&workspace, &server, &["--budget", "30000", "--fresh"]);
    // Only the file names the server, so the prompt is redacted.
    write_configuration(&workspace, &server);
    let run = Run(command(&workspace, &["--fresh"]).output().unwrap());
    assert_eq!(run.code(), 0, "{}", run.transcript());
    let sent = server.requests().pop().unwrap().json()["messages"][1]["content"].as_str().unwrap().to_owned();
    assert!(sent.contains("moved it away from [host]") && !sent.contains("secretnode17"), "{sent}");
    assert!(sent.contains("RK45"), "{sent}");
}

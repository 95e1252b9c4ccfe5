//! Remotes of all kinds, and those that do not answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Repo, World, assert_no_process, isolate, script};

/// A child that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One record goes straight there, and one on top of what others pushed meanwhile.
fn push_before_and_after_others(world: &World, origin: &Repo, clone: &Repo) {
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    assert_eq!(origin.rev("main"), clone.head());
    let other = world.clone_of(origin, "other");
    other.commit_file("theirs", "theirs\n");
    other.git(&["push", "--quiet"]);
    clone.fail("rg_flow");
    clone.publish().pushed(1);
}

#[test]
fn git_daemon() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let port = free_port();
    // The daemon itself, not the `git` that starts it: it has to end with the test.
    let exec_path = PathBuf::from(clone.git(&["--exec-path"]).trim());
    let mut daemon = clone.command(exec_path.join("git-daemon").to_str().unwrap());
    daemon.args(["--reuseaddr", "--export-all", "--enable=receive-pack", "--listen=127.0.0.1", "--verbose"]);
    daemon.arg(format!("--port={port}")).arg(format!("--base-path={}", world.path().display()));
    let mut daemon = Ends(daemon.stderr(Stdio::piped()).spawn().unwrap());
    let mut stderr = BufReader::new(daemon.0.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Ready to rumble") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "the daemon has ended");
    }
    clone.git(&["remote", "set-url", "origin", &format!("git://127.0.0.1:{port}/origin")]);
    push_before_and_after_others(&world, &origin, &clone);
    assert_eq!(origin.files("main").len(), 4);
    drop(daemon);
    clone.fail("rg_flow");
    clone.publish().expect("Committed: Offline", 1);
}

/// What a web server does with a request.
type Serve = dyn Fn(&mut BufReader<TcpStream>) -> std::io::Result<()> + Send + Sync;

/// A web server on loopback; its port.
fn web_server(serve: Box<Serve>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = std::sync::Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, serve) = (stream.unwrap(), std::sync::Arc::clone(&serve));
            std::thread::spawn(move || serve(&mut BufReader::new(stream)));
        }
    });
    port
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Self> {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        Ok(Request { method, target, headers })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn body(&self, stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if self.header("transfer-encoding") == Some("chunked") {
            loop {
                let mut size = String::new();
                stream.read_line(&mut size)?;
                let size = usize::from_str_radix(size.trim(), 16).unwrap();
                let mut chunk = vec![0; size + 2];
                stream.read_exact(&mut chunk)?;
                if size == 0 {
                    return Ok(body);
                }
                body.extend_from_slice(&chunk[..size]);
            }
        }
        body.resize(self.header("content-length").map_or(0, |length| length.parse().unwrap()), 0);
        stream.read_exact(&mut body)?;
        Ok(body)
    }
}

/// Answers as `git http-backend` does.
fn http_backend(stream: &mut BufReader<TcpStream>, root: &Path, home: &Path) -> std::io::Result<()> {
    let request = Request::read(stream)?;
    let body = request.body(stream)?;
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut backend = Command::new("git");
    isolate(&mut backend, home).arg("http-backend").env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1");
    backend.env("REQUEST_METHOD", &request.method).env("PATH_INFO", path).env("QUERY_STRING", query);
    backend.env("CONTENT_TYPE", request.header("content-type").unwrap_or_default());
    backend.env("HTTP_CONTENT_ENCODING", request.header("content-encoding").unwrap_or_default());
    backend.env("GIT_PROTOCOL", request.header("git-protocol").unwrap_or_default()).env("REMOTE_USER", "somebody");
    backend.env("CONTENT_LENGTH", body.len().to_string());
    let mut backend = backend.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = backend.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&body));
    let output = backend.wait_with_output()?.stdout;
    let _ = writer.join();
    let status = output.strip_prefix(b"Status: ").map_or("200 OK", |_| "404 Not Found");
    let stream = stream.get_mut();
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n")?;
    stream.write_all(&output)
}

#[test]
fn smart_http() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    origin.git(&["config", "http.receivepack", "true"]);
    let (root, home) = (world.path(), world.path().join("home"));
    let port = web_server(Box::new(move |stream| http_backend(stream, &root, &home)));
    clone.git(&["remote", "set-url", "origin", &format!("http://127.0.0.1:{port}/origin")]);
    push_before_and_after_others(&world, &origin, &clone);
    clone.publisher().branch("failures").run().pushed(2);
    assert_eq!((origin.files("main").len(), origin.files("failures").len()), (4, 2));
    clone.git(&["remote", "set-url", "origin", &format!("http://127.0.0.1:{port}/no/such")]);
    clone.fail("rg_flow");
    clone.publish().expect("Committed: Offline", 1);
}

#[test]
#[cfg(target_os = "linux")]
fn a_silent_remote_times_out_and_leaves_no_process() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let (sender, questions) = std::sync::mpsc::channel();
    let port = web_server(Box::new(move |stream| {
        Request::read(stream)?;
        sender.send(()).unwrap();
        // The other side closes, not we.
        stream.read_to_end(&mut Vec::new()).map(drop)
    }));
    clone.git(&["remote", "set-url", "origin", &format!("http://127.0.0.1:{port}/origin")]);
    clone.fail("rg_flow");
    let answer = clone.publisher().timeout(Duration::from_millis(1500)).run().expect("Committed: TimedOut", 1);
    assert!(answer.text().contains("within 1.5 s"), "{}", answer.text());
    questions.try_recv().unwrap();
    assert_no_process(&world);
    clone.assert_healthy();
}

#[test]
fn a_remote_with_a_password_does_not_prompt() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let port = web_server(Box::new(|stream| {
        Request::read(stream)?;
        let stream = stream.get_mut();
        write!(
            stream,
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    }));
    clone.fail("rg_flow");
    let marker = world.path().join("asked");
    let askpass = program(&world, "askpass", &format!("touch '{}'", marker.display()));
    clone.git(&["config", "core.askPass", askpass.to_str().unwrap()]);
    for url in [format!("http://127.0.0.1:{port}/origin"), format!("http://me:pa55@127.0.0.1:{port}/origin")] {
        clone.git(&["remote", "set-url", "origin", &url]);
        let answer = clone.publisher().env("GIT_ASKPASS", &askpass).env("SSH_ASKPASS", &askpass).run();
        assert_eq!(answer.what(), "Committed: Denied", "{}", answer.text());
        assert!(!answer.text().contains("pa55"), "{}", answer.text());
        let answer = clone.publisher().remote(&url).run();
        assert!(!format!("{answer:?}").contains("pa55"), "{answer:?}");
    }
    assert!(!marker.exists());
}

/// A program beside the repositories.
fn program(world: &World, name: &str, text: &str) -> PathBuf {
    let path = world.path().join(name);
    script(&path, text);
    path
}

/// An ssh that notes how it is called, and runs the command here.
fn fake_ssh(world: &World) -> (PathBuf, PathBuf) {
    let notes = world.path().join("ssh-notes");
    let note = format!("echo \"$@\" >> '{}'", notes.display());
    let run = "for last; do :; done; case \" $* \" in *' -G '*) exit 0;; esac; exec sh -c \"$last\"";
    (program(world, "ssh", &format!("{note}\n{run}")), notes)
}

#[test]
fn ssh_uses_the_configuration_of_the_user_without_prompts() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let (ssh, notes) = fake_ssh(&world);
    let ssh = ssh.to_str().unwrap();
    clone.git(&["remote", "set-url", "origin", &format!("ssh://host{}", origin.dir.display())]);
    let calls = |expected: &str| {
        let notes = std::fs::read_to_string(&notes).unwrap();
        assert!(notes.lines().all(|line| line.contains(expected)), "{notes}");
    };
    clone.fail("rg_flow");
    clone.publisher().env("GIT_SSH_COMMAND", format!("{ssh} -i 'my key'")).run().pushed(1);
    calls("-i my key -oBatchMode=yes");
    std::fs::remove_file(&notes).unwrap();
    clone.git(&["config", "core.sshCommand", &format!("{ssh} -F config")]);
    clone.fail("rg_flow");
    clone.publish().pushed(1);
    calls("-F config -oBatchMode=yes");
    std::fs::remove_file(&notes).unwrap();
    clone.git(&["config", "--unset", "core.sshCommand"]);
    clone.fail("rg_flow");
    clone.publisher().env("GIT_SSH", ssh).run().pushed(1);
    calls("-oBatchMode=yes");
    assert_eq!(origin.rev("main"), clone.head());
}

#[test]
#[cfg(target_os = "linux")]
fn a_hanging_ssh_is_killed() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let ssh = program(&world, "ssh", "sleep 1000");
    clone.git(&["remote", "set-url", "origin", &format!("ssh://host{}", origin.dir.display())]);
    clone.fail("rg_flow");
    let order = clone.publisher().timeout(Duration::from_millis(1500)).env("GIT_SSH_COMMAND", &ssh);
    order.env("GIT_SSH_VARIANT", "ssh").run().expect("Committed: TimedOut", 1);
    assert_no_process(&world);
}

#[test]
fn rejections_of_the_remote_are_reported() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let hook = origin.dir.join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    script(&hook, "echo main is protected >&2\nexit 1");
    clone.fail("rg_flow");
    let answer = clone.publish().expect("Committed: Rejected", 1);
    assert!(
        answer.text().contains("pre-receive hook declined") && answer.text().contains("main is protected"),
        "{}",
        answer.text()
    );
    std::fs::remove_file(hook).unwrap();
    let answer = clone.publish().pushed(1);
    assert_eq!(answer.get("commit"), clone.head().as_str());
}

#[test]
fn a_remote_that_is_not_there() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    clone.fail("rg_flow");
    for url in ["file:///no/such/repository", "http://127.0.0.1:1/x", "git://127.0.0.1:1/x"] {
        clone.git(&["remote", "set-url", "origin", url]);
        let answer = clone.publish();
        assert_eq!(answer.what(), "Committed: Offline", "{url}: {}", answer.text());
    }
    let unknown: Repo = clone.clone();
    let answer = unknown.publisher().remote("nobody").run();
    assert_eq!(answer.what(), "Committed: Offline", "{}", answer.text());
}

#[test]
fn implicit_fetches_of_a_partial_clone_do_not_prompt() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    // A record by its name, which has to be read to be judged.
    let own = clone.fail("rg_flow");
    std::fs::rename(clone.dir.join(&own), clone.dir.join("io/failures/record.json")).unwrap();
    clone.git(&["switch", "--quiet", "--orphan", "failures"]);
    clone.git(&["add", "io/failures/record.json"]);
    clone.git(&["commit", "--quiet", "-m", "a record"]);
    clone.git(&["push", "--quiet", "origin", "failures"]);
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.dir.display());
    world.at("").git(&["clone", "--quiet", "--filter=blob:none", &url, "partial"]);
    let partial = world.at("partial");
    let (ssh, notes) = fake_ssh(&world);
    partial.git(&["remote", "set-url", "origin", &format!("ssh://host{}", origin.dir.display())]);
    partial.fail("rg_flow");
    partial.publisher().branch("failures").env("GIT_SSH_COMMAND", ssh).run().pushed(1);
    let notes = std::fs::read_to_string(&notes).unwrap();
    assert!(notes.lines().all(|line| line.contains("-oBatchMode=yes")), "{notes}");
}

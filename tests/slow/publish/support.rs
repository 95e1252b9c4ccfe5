//! Repositories in a temporary directory, apart from what the machine has configured for git, and a publisher that runs
//! in a process of its own.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tracing_failure::publish::{Outcome, PublishError, Published, Publisher};
use tracing_failure::{Failure, Store};

const ORDER: &str = "TRACING_FAILURE_TEST_PUBLISH";
const ANSWER: &str = "the publisher answers: ";

/// A directory with repositories, and a home for git.
pub struct World {
    dir: tempfile::TempDir,
}

/// A clone, or a bare repository.
#[derive(Clone)]
pub struct Repo {
    pub dir: PathBuf,
    home: PathBuf,
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("home")).unwrap();
        World { dir }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    /// A repository that exists already, or a place for one.
    pub fn at(&self, name: &str) -> Repo {
        Repo { dir: self.path().join(name), home: self.path().join("home") }
    }

    pub fn init(&self, name: &str, options: &[&str]) -> Repo {
        let repo = self.at(name);
        std::fs::create_dir_all(&repo.dir).unwrap();
        repo.git(&[&["init", "--quiet", "--initial-branch=main"], options].concat());
        repo
    }

    pub fn bare(&self, name: &str) -> Repo {
        self.init(name, &["--bare"])
    }

    pub fn clone_of(&self, origin: &Repo, name: &str) -> Repo {
        self.clone_url(&format!("file://{}", origin.dir.display()), name)
    }

    pub fn clone_url(&self, url: &str, name: &str) -> Repo {
        let repo = self.at(name);
        self.at("").git(&["clone", "--quiet", url, name]);
        repo
    }

    /// A bare repository with one commit on main, and a clone of it.
    pub fn origin_and_clone(&self) -> (Repo, Repo) {
        let origin = self.bare("origin");
        let clone = self.clone_of(&origin, "clone");
        clone.commit_file("README", "read me\n");
        clone.git(&["push", "--quiet", "-u", "origin", "main"]);
        (origin, clone)
    }
}

impl World {
    /// A `PATH` with this before git; `GIT` in the text is the real one.
    pub fn path_with_git(&self, text: &str) -> String {
        let real = Command::new("sh").args(["-c", "command -v git"]).output().unwrap().stdout;
        let real = String::from_utf8(real).unwrap();
        let bin = self.path().join("bin");
        script(&bin.join("git"), &text.replace("GIT", real.trim()));
        format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
    }
}

/// A program for the shell.
pub fn script(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The variables that keep the machine's own configuration out.
pub fn isolate<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    let config = home.join("gitconfig");
    if !config.exists() {
        std::fs::write(&config, "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n")
            .unwrap();
    }
    command
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home)
        .env("GIT_CONFIG_GLOBAL", config)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", home.parent().unwrap())
        .env_remove("EMAIL")
        .env_remove("SSH_ASKPASS")
}

impl Repo {
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        isolate(&mut command, &self.home).current_dir(&self.dir);
        command
    }

    pub fn try_git(&self, words: &[&str]) -> Output {
        self.command("git").args(words).output().unwrap()
    }

    pub fn git(&self, words: &[&str]) -> String {
        let output = self.try_git(words);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "git {words:?} in {}: {stdout}{stderr}", self.dir.display());
        stdout.into_owned()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn commit_file(&self, path: &str, text: &str) -> String {
        self.write(path, text);
        self.git(&["add", "--", path]);
        self.git(&["commit", "--quiet", "-m", path]);
        self.head()
    }

    pub fn head(&self) -> String {
        self.rev("HEAD")
    }

    pub fn rev(&self, name: &str) -> String {
        self.git(&["rev-parse", "--verify", name]).trim().to_owned()
    }

    pub fn failures_dir(&self) -> PathBuf {
        self.dir.join("io/failures")
    }

    /// A record of a failure, on disk; its path below the root.
    pub fn fail(&self, computation: &str) -> String {
        self.fail_in("io/failures", computation)
    }

    pub fn fail_in(&self, dir: &str, computation: &str) -> String {
        let store = Store::open(self.dir.join(dir)).unwrap();
        let path = store.write(&Failure::new(computation, "Eq. 1.12", "Diverged", "pole")).unwrap();
        path.strip_prefix(&self.dir).unwrap().to_str().unwrap().to_owned()
    }

    /// The record, with something added.
    pub fn amend(&self, record: &str) {
        let path = self.dir.join(record);
        let mut failure = Failure::from_path(&path).unwrap();
        failure.suggested_fixes.push("take smaller steps".to_owned());
        std::fs::write(path, failure.to_json()).unwrap();
    }

    /// Files of a branch, by path.
    pub fn files(&self, branch: &str) -> Vec<String> {
        let text = self.git(&["ls-tree", "-r", "-z", "--name-only", branch]);
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    /// All that a user sees of the repository but for records, to the byte.
    pub fn state(&self) -> String {
        let mut state = String::new();
        for words in [
            &["status", "--porcelain=v2", "-uall", "--", ".", ":!io/failures"][..],
            &["ls-files", "--stage", "--", ".", ":!io/failures"],
            &["ls-files", "--debug", "-u"],
            &["diff", "--binary"],
            &["diff", "--cached", "--binary", "--", ".", ":!io/failures"],
            &["stash", "list"],
            &["config", "--local", "--list"],
            &["tag"],
            &["for-each-ref", "refs/", "--exclude=refs/heads", "--exclude=refs/remotes"],
        ] {
            state += &format!("$ git {words:?}\n{}", self.git(words));
        }
        for file in ["MERGE_HEAD", "MERGE_MSG", "MERGE_MODE", "CHERRY_PICK_HEAD", "REVERT_HEAD", "FETCH_HEAD"] {
            state += &format!("{file}: {:?}\n", std::fs::read_to_string(self.dir.join(".git").join(file)).ok());
        }
        state
    }

    pub fn publisher(&self) -> Order {
        Order::new(self, "io/failures")
    }

    /// Publishes from `io/failures`.
    pub fn publish(&self) -> Answer {
        self.publisher().run()
    }

    /// The number of commits that a branch has.
    pub fn count(&self, branch: &str) -> usize {
        self.git(&["rev-list", "--count", branch]).trim().parse().unwrap()
    }

    pub fn assert_intact(&self) {
        self.git(&["fsck", "--strict", "--connectivity-only"]);
    }

    /// Intact, and nothing of ours left behind.
    pub fn assert_healthy(&self) {
        self.assert_intact();
        let remaining: Vec<_> = walk(&self.dir.join(".git"))
            .into_iter()
            .filter(|path| path.extension() == Some(OsStr::new("lock")))
            .collect();
        assert!(remaining.is_empty(), "{remaining:?}");
    }
}

pub fn walk(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() && !path.is_symlink() { walk(&path) } else { vec![path] }).collect()
}

/// Processes that are at work for this world: their environment names it.
fn processes_of(world: &World) -> Vec<String> {
    let home = world.path().join("home");
    let entries = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let at_work = entries.filter(|process| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        let home = home.as_os_str().as_encoded_bytes();
        environment.split(|byte| *byte == 0).any(|variable| variable.strip_prefix(b"HOME=") == Some(home))
    });
    at_work
        .map(|process| std::fs::read_to_string(process.join("cmdline")).unwrap_or_default().replace('\0', " "))
        .collect()
}

/// Waits for something to come true.
#[track_caller]
pub fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// No process is at work for this world; one that was ended may take a moment to go.
#[track_caller]
pub fn assert_no_process(world: &World) {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(5) && !processes_of(world).is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(processes_of(world), [""; 0]);
}

/// What a publisher is told to do, in a process of its own.
pub struct Order {
    pub command: Command,
    order: Json,
}

/// What it answers.
#[derive(Debug)]
pub struct Answer(Json);

impl Order {
    pub fn new(repo: &Repo, dir: impl AsRef<OsStr>) -> Self {
        let mut command = repo.command(std::env::current_exe().unwrap().to_str().unwrap());
        command.args(["support::a_publisher", "--exact", "--nocapture"]);
        command.env(format!("{ORDER}_DIR"), dir);
        Order { command, order: json!({ "timeout": 20_000 }) }
    }

    fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.order[name] = value.into();
        self
    }

    pub fn branch(self, branch: &str) -> Self {
        self.with("branch", branch)
    }

    pub fn remote(self, remote: &str) -> Self {
        self.with("remote", remote)
    }

    pub fn timeout(self, timeout: Duration) -> Self {
        self.with("timeout", timeout.as_millis() as u64)
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Allows a value first.
    pub fn allow(self, number: &str) -> Answer {
        self.with("allow", number).run()
    }

    pub fn spawn(mut self) -> Child {
        self.command.env(ORDER, self.order.to_string());
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub fn run(self) -> Answer {
        Answer::of(self.spawn())
    }

    pub fn plan(self) -> Answer {
        self.with("plan", true).run()
    }
}

impl Answer {
    pub fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let line = stdout.lines().find_map(|line| line.split_once(ANSWER)).map(|(_, answer)| answer);
        Answer(serde_json::from_str(line.unwrap_or_else(|| panic!("{}\n{stdout}{stderr}", output.status))).unwrap())
    }

    /// `Pushed`, `Committed: Offline`, `Error: Secrets`, …
    pub fn what(&self) -> &str {
        self.0["what"].as_str().unwrap()
    }

    pub fn text(&self) -> &str {
        self.0["text"].as_str().unwrap()
    }

    pub fn records(&self) -> usize {
        self.0["records"].as_u64().unwrap() as usize
    }

    pub fn get(&self, name: &str) -> &Json {
        &self.0[name]
    }

    #[track_caller]
    pub fn expect(self, what: &str, records: usize) -> Self {
        assert_eq!((self.what(), self.records()), (what, records), "{}", self.text());
        self
    }

    #[track_caller]
    pub fn pushed(self, records: usize) -> Self {
        self.expect("Pushed", records)
    }

    #[track_caller]
    pub fn error(self, what: &str) -> Self {
        assert_eq!(self.what(), format!("Error: {what}"), "{}", self.text());
        self
    }
}

/// The first word of a `Debug` text.
fn variant(debug: String) -> String {
    debug.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()
}

fn answer(result: Result<Json, PublishError>) -> Json {
    result.unwrap_or_else(|error| {
        json!({ "what": format!("Error: {}", variant(format!("{error:?}"))), "text": error.to_string(), "records": 0 })
    })
}

fn to_json(published: Published) -> Json {
    let what = match &published.outcome {
        Outcome::Committed(why) => format!("Committed: {}", variant(format!("{why:?}"))),
        outcome => variant(format!("{outcome:?}")),
    };
    json!({
        "what": what, "text": published.to_string(), "records": published.records, "commit": published.commit,
        "computations": published.computations, "branch": published.branch, "remote": published.remote,
        "ignored": published.ignored.iter().map(|ignored| (ignored.rule.clone(), ignored.records)).collect::<Vec<_>>(),
        "skipped": published.skipped.iter().map(|skipped| skipped.why.clone()).collect::<Vec<_>>(),
    })
}

/// Not a test: the process that publishes.
#[test]
fn a_publisher() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let order: Json = serde_json::from_str(&order).unwrap();
    let dir = std::env::var_os(format!("{ORDER}_DIR")).unwrap();
    let mut publisher =
        Publisher::new(Path::new(&dir)).timeout(Duration::from_millis(order["timeout"].as_u64().unwrap()));
    if let Some(branch) = order["branch"].as_str() {
        publisher = publisher.branch(branch);
    }
    if let Some(remote) = order["remote"].as_str() {
        publisher = publisher.remote(remote);
    }
    let allowed = order["allow"].as_str().map(|number| publisher.allow(number, "addresses of nodes"));
    if let Some(Err(error)) = allowed {
        println!("{ANSWER}{}", answer(Err(error)));
        return;
    }
    let answer = if order["plan"] == true {
        answer(publisher.plan().map(|plan| {
            json!({
                "what": "Plan", "text": plan.to_string(), "records": plan.records.len(), "waiting": plan.waiting,
                "branch": plan.branch, "remote": plan.remote, "computations": plan.computations,
            })
        }))
    } else {
        answer(publisher.publish().map(to_json))
    };
    println!("{ANSWER}{answer}");
}

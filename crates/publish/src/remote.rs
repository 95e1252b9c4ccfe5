//! A branch of a remote: its tip and pushing to it.

use std::ffi::{OsStr, OsString};

use crate::branch::{Branch, join};
use crate::error::PublishError;
use crate::git::{Git, without_credentials};
use crate::outcome::NotPushed;
use crate::refspec::destination;
use crate::repository::Repository;
use crate::target::Target;

/// Maximum number of attempts to fetch a tip that is set back meanwhile.
const MAX_ATTEMPTS: u32 = 3;

/// The remote and the branch that records are pushed to.
pub(crate) struct Remote {
    /// The name of a configured remote, or a URL.
    pub(crate) name: String,
    /// The name or URL to fetch from. It refers to the repository that is pushed to.
    source: String,
    /// The first push URL, or the name if it is a URL.
    pub(crate) url: String,
    /// The branch on the remote.
    pub(crate) branch: Branch,
    /// The destination, if it is a reference other than a branch.
    other_destination: Option<String>,
    push_url_count: usize,
    git: Git,
}

/// The result of a push.
pub(crate) enum PushResult {
    Accepted,
    /// Another push came first. Another attempt may succeed.
    LostRace(String),
    Refused(NotPushed),
}

impl Remote {
    /// Returns the remote that the branch is pushed to, or `None` if there is none.
    pub(crate) fn find(
        repository: &Repository,
        requested: Option<&str>,
        target: &Target,
    ) -> Result<Option<Self>, PublishError> {
        let shown = target.branch.to_string();
        let branch = shown.as_str();
        let Some(name) = choose_name(repository, requested, branch) else { return Ok(None) };
        if name.starts_with('-') {
            return Err(PublishError::InvalidName(name));
        }
        let config = &repository.config;
        let is_upstream = config.get(&format!("branch.{branch}.remote")) == Some(&name);
        // Like `git push`: a branch that tracks another one is pushed to it only if `push.default` says so.
        let is_pushed_there = is_upstream && matches!(config.get("push.default"), Some("upstream" | "tracking"));
        let upstream = if is_pushed_there { config.get(&format!("branch.{branch}.merge")) } else { None };
        let refspecs = config.all(&format!("remote.{name}.push"));
        let by_refspec = target.branch.as_str().and_then(|branch| destination(refspecs, branch, target.is_current));
        let destination = by_refspec.or(upstream.map(str::to_owned));
        let there =
            destination.as_deref().map_or(Some(target.branch.clone()), |name| Branch::from_full_name(name.as_bytes()));
        let git = repository.git.clone();
        let url = |words: &[&str]| git.try_output_line(&[&["remote", "get-url"], words, &["--", &name]].concat());
        let push_url = if config.remotes().contains(&name) {
            url(&["--push"])?.filter(|to| url(&[]).is_ok_and(|from| from.as_ref() != Some(to)))
        } else {
            None
        };
        let all = git.try_output_line(&["remote", "get-url", "--push", "--all", "--", &name])?.unwrap_or_default();
        let url = all.lines().next().unwrap_or(&name).to_owned();
        let source = push_url.unwrap_or_else(|| name.clone());
        let other_destination = if there.is_none() { destination } else { None };
        let branch = there.unwrap_or_else(|| target.branch.clone());
        let git = git.with_setting(format!("remote.{name}.mirror=false"));
        Ok(Some(Remote { source, url, name, branch, other_destination, push_url_count: all.lines().count(), git }))
    }

    /// Fails unless the remote is a single branch at a single URL, whose records are known.
    pub(crate) fn check_single_branch(&self) -> Result<(), NotPushed> {
        if let Some(other_destination) = &self.other_destination {
            return Err(NotPushed::Failed(format!(
                "remote.{}.push sends the branch to {other_destination}, which is not a branch: choose another branch or \
                 remote",
                self.display_name()
            )));
        }
        match self.push_url_count {
            0 | 1 => Ok(()),
            several => Err(NotPushed::Failed(format!(
                "the remote {} has {several} push URLs: name one of them as the remote",
                self.display_name()
            ))),
        }
    }

    /// The name without credentials.
    pub(crate) fn display_name(&self) -> String {
        without_credentials(&self.name)
    }

    /// Returns the local tracking branch, or `None` if the remote has none.
    pub(crate) fn tracking_branch(&self, repository: &Repository) -> Option<OsString> {
        let is_tracked = self.source == self.name && repository.config.remotes().contains(&self.name);
        is_tracked
            .then(|| join(["refs/remotes/", &self.name, "/"].map(OsStr::new).into_iter().chain([self.branch.name()])))
    }

    /// Returns the commit of the tracking branch.
    pub(crate) fn last_known(&self, repository: &Repository) -> Result<Option<String>, PublishError> {
        self.tracking_branch(repository).map_or(Ok(None), |branch| repository.commit_of(branch))
    }

    /// Returns the tips of the remote's branches whose commits exist in the local repository.
    pub(crate) fn local_tips(&self, repository: &Repository) -> Result<Vec<String>, NotPushed> {
        let text = self.run_remote(&["ls-remote", "--heads", "--", &self.source])?;
        let text = String::from_utf8_lossy(&text);
        let tips: String =
            text.lines().filter_map(|line| line.split('\t').next()).flat_map(|tip| [tip, "\n"]).collect();
        let output =
            repository.git.read(&["cat-file", "--batch-check=%(objectname) %(objecttype)"], tips.into_bytes())?;
        let answers = String::from_utf8_lossy(&output);
        Ok(answers.lines().filter_map(|line| line.strip_suffix(" commit")).map(str::to_owned).collect())
    }

    /// Returns the tip of the branch after fetching its objects, or `None` if the remote lacks the branch.
    pub(crate) fn fetch_tip(&self, repository: &Repository) -> Result<Option<String>, NotPushed> {
        let full_name = self.branch.full_name();
        for _ in 0..MAX_ATTEMPTS {
            let words = [OsStr::new("ls-remote"), OsStr::new("--"), OsStr::new(&self.source), &full_name];
            let answer = self.run_remote(&words)?;
            let is_it = |line: &&[u8]| line.ends_with(&[b"\t", full_name.as_encoded_bytes()].concat());
            let Some(line) = answer.split(|byte| *byte == b'\n').find(is_it) else { return Ok(None) };
            let tip = &*String::from_utf8_lossy(line.split(|byte| *byte == b'\t').next().unwrap_or_default());
            if !has_commit(repository, tip)? {
                self.fetch()?;
            }
            if has_commit(repository, tip)? {
                return Ok(Some(tip.to_owned()));
            }
        }
        Err(NotPushed::Rejected("the remote branch was reset at each attempt to fetch it".to_owned()))
    }

    /// Fetches the branch without updating references.
    fn fetch(&self) -> Result<(), NotPushed> {
        let options = ["fetch", "--quiet", "--no-write-fetch-head", "--no-tags", "--no-prune", "--no-auto-maintenance"];
        let only = ["--no-recurse-submodules", "--refmap=", "--", &self.source];
        let words = options.iter().chain(&only).map(OsStr::new);
        self.run_remote(&words.chain([&*self.branch.full_name()]).collect::<Vec<_>>()).map(drop)
    }

    /// Runs a command that contacts the remote.
    fn run_remote<W: AsRef<OsStr>>(&self, words: &[W]) -> Result<Vec<u8>, NotPushed> {
        let output = self.git.run(words, Vec::new())?;
        if !output.succeeded {
            return Err(classify_failure(&output.stderr));
        }
        Ok(output.stdout)
    }

    /// Pushes the commit if the branch on the remote is still at `tip`.
    pub(crate) fn push(&self, commit: &str, tip: Option<&str>) -> Result<PushResult, PublishError> {
        let full_name = self.branch.full_name();
        let tip = format!(":{}", tip.unwrap_or_default());
        let lease = join([OsStr::new("--force-with-lease="), &full_name, OsStr::new(&tip)]);
        let refspec = join([OsStr::new(commit), OsStr::new(":"), &full_name]);
        let options =
            ["push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no"];
        let destination = [&*lease, OsStr::new("--"), OsStr::new(&self.name), &*refspec];
        let words: Vec<&OsStr> = options.iter().map(OsStr::new).chain(destination).collect();
        let output = self.git.run(&words, Vec::new())?;
        if output.succeeded {
            return Ok(PushResult::Accepted);
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().filter(|line| line.starts_with('!')).find_map(|line| line.split('\t').nth(2));
        let Some(line) = line.map(without_credentials) else {
            return Ok(PushResult::Refused(classify_failure(&output.stderr)));
        };
        if is_race(&line) {
            return Ok(PushResult::LostRace(line));
        }
        let words = output.stderr.lines().filter_map(|line| line.strip_prefix("remote: ")).map(str::trim);
        let words: Vec<&str> = std::iter::once(line.as_str()).chain(words).filter(|line| !line.is_empty()).collect();
        Ok(PushResult::Refused(NotPushed::Rejected(words.join("; "))))
    }
}

/// Returns true if the commit and its tree exist in the local repository.
fn has_commit(repository: &Repository, commit: &str) -> Result<bool, PublishError> {
    Ok(repository.git.run(&["cat-file", "-e", &format!("{commit}^{{tree}}")], Vec::new())?.succeeded)
}

/// Returns the requested remote, else the configured one, else the only one, else `origin`.
fn choose_name(repository: &Repository, requested: Option<&str>, branch: &str) -> Option<String> {
    let config = &repository.config;
    let settings =
        [format!("branch.{branch}.pushremote"), "remote.pushdefault".to_owned(), format!("branch.{branch}.remote")];
    let configured = settings.iter().find_map(|name| config.get(name).filter(|remote| *remote != "."));
    if let Some(remote) = requested.or(configured) {
        return Some(remote.to_owned());
    }
    match config.remotes() {
        [only] => Some(only.clone()),
        several => several.iter().find(|remote| *remote == "origin").cloned(),
    }
}

/// Returns true if the push was rejected because of another push at the same time.
fn is_race(line: &str) -> bool {
    let is_lease_violation = line.starts_with("[rejected]");
    let races = ["lock", "failed to update ref", "incorrect old value", "reference already exists", "fetch first"];
    is_lease_violation || line.starts_with("[remote rejected]") && races.iter().any(|race| line.contains(race))
}

/// Derives the reason for a failure of the remote from the messages of git.
fn classify_failure(stderr: &str) -> NotPushed {
    const DENIED: &[&str] = &[
        "Authentication failed",
        "could not read Username",
        "could not read Password",
        "terminal prompts disabled",
        "unable to get password",
        "Permission denied",
        "Host key verification failed",
        "error: 401",
        "error: 403",
        "access denied",
    ];
    const OFFLINE: &[&str] = &[
        "Could not resolve",
        "Connection refused",
        "Connection timed out",
        "Connection reset",
        "Network is unreachable",
        "No route to host",
        "Failed to connect",
        "Couldn't connect",
        "unable to connect",
        "unable to look up",
        "unable to access",
        "hung up",
        "early EOF",
        "Could not read from remote repository",
        "does not appear to be a git repository",
        "not found",
    ];
    let is_relevant =
        |line: &&str| !line.starts_with("Please make sure") && !line.starts_with("and the repository exists");
    let words = stderr
        .lines()
        .filter(is_relevant)
        .map(|line| line.trim_start_matches("fatal: "))
        .collect::<Vec<_>>()
        .join("; ");
    if DENIED.iter().any(|phrase| stderr.contains(phrase)) {
        NotPushed::Denied(words)
    } else if OFFLINE.iter().any(|phrase| stderr.contains(phrase)) {
        NotPushed::Offline(words)
    } else {
        NotPushed::Failed(words)
    }
}

impl From<PublishError> for NotPushed {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::TimedOut { after, .. } => NotPushed::TimedOut(after),
            PublishError::Stopped => NotPushed::Stopped,
            PublishError::ForeignFile { branch, file } => NotPushed::ForeignFile { branch, file },
            error => NotPushed::Failed(error.to_string()),
        }
    }
}

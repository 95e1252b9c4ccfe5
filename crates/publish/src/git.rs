//! Runs git without hooks, without prompts and with a timeout.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::child::{self, RunLimit};
use crate::error::PublishError;
use crate::watchdog::Watchdog;

/// Maximum length of a command, or of its output, in a message.
const MAX_MESSAGE_CHARS: usize = 1000;

/// Settings that disable hooks, daemons, signatures and background maintenance.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.safecrlf=false",
    "core.filesRefLockTimeout=1000",
    "core.packedRefsTimeout=1000",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "push.recurseSubmodules=no",
    "push.followTags=false",
    "push.gpgSign=false",
    "fetch.recurseSubmodules=no",
    "fetch.writeCommitGraph=false",
    "log.showSignature=false",
    "credential.interactive=false",
    "i18n.commitEncoding=utf-8",
    "color.ui=false",
];

/// Variables that a calling git may have set for its own repository (`git rev-parse --local-env-vars`) or operation.
/// `GIT_CONFIG_COUNT` is inherited, because it configures the machine.
const REMOVED_VARIABLES: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_PROTOCOL",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_DATE",
    "GIT_REFLOG_ACTION",
    "SSH_ASKPASS",
    "LANGUAGE",
];

/// Variables that disable prompts, translations and special pathspecs.
const VARIABLES: &[(&str, &str)] = &[
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", ""),
    ("SSH_ASKPASS_REQUIRE", "never"),
    ("GCM_INTERACTIVE", "never"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("LC_ALL", "C"),
];

/// The directory, the timeout, the environment and the settings for calls of git.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    dir: PathBuf,
    pub(crate) timeout: Duration,
    cancelled: Arc<AtomicBool>,
    watchdog: Arc<Watchdog>,
    variables: Vec<(&'static str, OsString)>,
    settings: Vec<Cow<'static, str>>,
}

/// The output of a git process.
pub(crate) struct GitOutput {
    pub(crate) succeeded: bool,
    /// The exit code, or `None` if a signal ended the process.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    command: String,
}

impl Git {
    /// Creates a runner for a directory. A call ends at the timeout or when `cancelled` is set.
    pub(crate) fn new(dir: &Path, timeout: Duration, cancelled: &Arc<AtomicBool>) -> Self {
        let cancelled = Arc::clone(cancelled);
        Git {
            dir: dir.to_owned(),
            timeout,
            cancelled,
            watchdog: Arc::default(),
            variables: Vec::new(),
            settings: SETTINGS.iter().map(|setting| Cow::Borrowed(*setting)).collect(),
        }
    }

    /// Returns a copy with another environment variable.
    pub(crate) fn with_variable(&self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        let mut git = self.clone();
        git.variables.push((name, value.as_ref().to_owned()));
        git
    }

    /// Returns a copy with another setting.
    pub(crate) fn with_setting(&self, setting: impl Into<Cow<'static, str>>) -> Self {
        let mut git = self.clone();
        git.settings.push(setting.into());
        git
    }

    /// Runs git, whether it succeeds or fails.
    pub(crate) fn run<W: AsRef<OsStr>>(&self, words: &[W], input: Vec<u8>) -> Result<GitOutput, PublishError> {
        let mut command = Command::new("git");
        command.current_dir(&self.dir);
        for setting in &self.settings {
            command.args(["-c", &**setting]);
        }
        command.args(words);
        for name in REMOVED_VARIABLES {
            command.env_remove(name);
        }
        command.envs(VARIABLES.iter().copied());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let command_text = displayable(&command_line(words));
        let started = Instant::now();
        // A timeout that overflows the clock means a very long one.
        let deadline = started.checked_add(self.timeout).unwrap_or(started + Duration::from_secs(1 << 30));
        let limit = RunLimit { deadline, cancelled: &self.cancelled, watchdog: &self.watchdog };
        match child::run(&mut command, input, &limit) {
            Ok(Some(exited)) => Ok(GitOutput {
                succeeded: exited.status.success(),
                code: exited.status.code(),
                stdout: exited.stdout,
                stderr: displayable_stderr(&String::from_utf8_lossy(&exited.stderr)),
                command: command_text,
            }),
            Ok(None) if self.cancelled.load(Ordering::Relaxed) => Err(PublishError::Stopped),
            Ok(None) => Err(PublishError::TimedOut { command: command_text, after: self.timeout }),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.dir.is_dir() => {
                let gone = format!("{} no longer exists. Publish again when it is back", self.dir.display());
                Err(PublishError::Io(io::Error::new(error.kind(), gone)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(PublishError::NoGit),
            Err(error) => Err(PublishError::Io(io::Error::new(error.kind(), format!("`{command_text}`: {error}")))),
        }
    }

    /// Runs git and returns its standard output. A failure is an error.
    pub(crate) fn read<W: AsRef<OsStr>>(&self, words: &[W], input: Vec<u8>) -> Result<Vec<u8>, PublishError> {
        self.run(words, input)?.into_stdout()
    }

    /// Runs git and returns its output line, such as the name of an object. A failure is an error.
    pub(crate) fn output_line<W: AsRef<OsStr>>(&self, words: &[W], input: Vec<u8>) -> Result<String, PublishError> {
        Ok(String::from_utf8_lossy(&self.read(words, input)?).trim_end().to_owned())
    }

    /// Runs git and returns its output line, or `None` if it fails or prints nothing.
    pub(crate) fn try_output_line<W: AsRef<OsStr>>(&self, words: &[W]) -> Result<Option<String>, PublishError> {
        let output = self.run(words, Vec::new())?;
        let line = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        Ok((output.succeeded && !line.is_empty()).then_some(line))
    }
}

impl GitOutput {
    pub(crate) fn into_stdout(self) -> Result<Vec<u8>, PublishError> {
        if self.succeeded { Ok(self.stdout) } else { Err(self.into_error()) }
    }

    pub(crate) fn into_error(self) -> PublishError {
        PublishError::Git { command: self.command, stderr: self.stderr }
    }
}

/// Splits output that git writes with `-z`.
pub(crate) fn split_nul(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.strip_suffix(b"\0").unwrap_or(text).split(|byte| *byte == 0).filter(|part| !part.is_empty())
}

/// Converts a path that git writes.
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Path::new(OsStr::from_bytes(bytes)).to_owned()
    }
    #[cfg(not(unix))]
    {
        PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Joins the command for messages.
fn command_line<W: AsRef<OsStr>>(words: &[W]) -> String {
    let words = words.iter().map(|word| word.as_ref().to_string_lossy());
    std::iter::once("git".into()).chain(words).collect::<Vec<_>>().join(" ")
}

fn displayable_stderr(text: &str) -> String {
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with("hint:"));
    let text = without_credentials(&lines.collect::<Vec<_>>().join("\n"));
    // The error follows any greeting of the remote, so the end is kept.
    match text.char_indices().rev().nth(MAX_MESSAGE_CHARS) {
        Some((start, _)) => format!("…{}", &text[start..]),
        None => text,
    }
}

/// Removes credentials and shortens the text for messages.
fn displayable(text: &str) -> String {
    let text = without_credentials(text);
    if text.len() <= MAX_MESSAGE_CHARS {
        return text;
    }
    text.chars().take(MAX_MESSAGE_CHARS).chain("…".chars()).collect()
}

/// Removes the credentials from the URLs in a text: before the `@`, in the query and in the fragment.
pub(crate) fn without_credentials(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, url) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = url.find(|c: char| c.is_whitespace() || "'\"".contains(c)).unwrap_or(url.len());
        clean.push_str(&clean_url(&url[..end]));
        rest = &url[end..];
    }
    clean.push_str(rest);
    clean
}

/// Removes the credentials from a URL without its scheme.
fn clean_url(url: &str) -> String {
    let authority = url.find(['/', '?', '#']).unwrap_or(url.len());
    // A port consists of digits, so other text after the colon is a password. It may contain an unescaped slash.
    let has_password =
        url[..authority].split_once(':').is_some_and(|(_, port)| !port.bytes().all(|b| b.is_ascii_digit()));
    let end = if has_password { url.len() } else { authority };
    let url = &url[url[..end].rfind('@').map_or(0, |at| at + 1)..];
    match url.find(['?', '#']) {
        Some(mark) if mark + 1 < url.len() => format!("{}…", &url[..=mark]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_urls_are_not_shown() {
        for (text, clean) in [
            ("unable to access 'https://me:s3cret@host/x.git/': no", "unable to access 'https://host/x.git/': no"),
            ("https://tok@a/ and ssh://git@b:22/c", "https://a/ and ssh://b:22/c"),
            ("https://host/a@b", "https://host/a@b"),
            ("https://host:8080/a@b", "https://host:8080/a@b"),
            ("to 'https://me:s3/cr?e@t@host/x.git': no", "to 'https://host/x.git': no"),
            ("https://host/x.git?private_token=s3cret and so on", "https://host/x.git?… and so on"),
            ("https://host/x.git#access_token=s3cret and so on", "https://host/x.git#… and so on"),
            ("ssh://[::1]:22/x", "ssh://[::1]:22/x"),
            ("git@host:x.git", "git@host:x.git"),
            ("://", "://"),
        ] {
            assert_eq!(without_credentials(text), clean);
        }
    }

    #[test]
    fn long_output_is_truncated_at_its_start() {
        let output = displayable_stderr(&format!("hint: x\n{}\n\nfatal: ü", "welcome\n".repeat(1000)));
        assert!(
            output.starts_with('…')
                && output.ends_with("welcome\nfatal: ü")
                && output.chars().count() == MAX_MESSAGE_CHARS + 2,
            "{output}"
        );
        assert_eq!(displayable_stderr("hint: x\nfatal: y \n"), "fatal: y");
    }

    #[test]
    fn repository_variables_are_not_inherited() {
        let git = Git::new(Path::new("."), Duration::from_secs(60), &Arc::default());
        let local = git.output_line(&["rev-parse", "--local-env-vars"], Vec::new()).unwrap();
        for name in local.lines().filter(|name| !["GIT_CONFIG_COUNT", "GIT_NO_REPLACE_OBJECTS"].contains(name)) {
            assert!(REMOVED_VARIABLES.contains(&name), "{name}");
        }
    }
}

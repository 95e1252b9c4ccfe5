//! The error of publishing, and values that look like secrets.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The reason why records could not be committed. The records remain on disk.
///
/// ```
/// use tracing_failure::publish::{PublishError, Publisher};
///
/// let error = Publisher::new("no/such/directory").publish().unwrap_err();
/// assert!(matches!(error, PublishError::Io(_)));
/// assert!(error.to_string().contains("no/such/directory"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum PublishError {
    /// `git` is not on the `PATH`.
    NoGit,
    /// A file or directory cannot be read or written. The message contains the path.
    Io(io::Error),
    /// No value that looks like a secret has this hash, or several have it.
    NoSuchSecret(String),
    /// Another process kept the index locked.
    IndexLocked(PathBuf),
    /// Another process was publishing from this clone until the timeout.
    Busy(PathBuf),
    /// No branch is checked out, and none was chosen.
    DetachedHead,
    /// The user checked out another branch during the publishing.
    BranchSwitched(String),
    /// A cherry-pick or `git am` of several commits is in progress. The path is its state directory.
    SeriesInProgress(PathBuf),
    /// The name is not allowed for a branch or a remote.
    InvalidName(String),
    /// The branch is checked out in another work tree, whose files would become stale.
    BranchInUse {
        /// The branch.
        branch: String,
        /// The directory where it is checked out.
        work_tree: PathBuf,
    },
    /// The branch for records contains other files.
    ForeignFile {
        /// The branch.
        branch: String,
        /// One of its files.
        file: PathBuf,
    },
    /// A directory on disk is a file in the commit.
    FileInTheWay(PathBuf),
    /// A git process exceeded the timeout.
    TimedOut {
        /// The command.
        command: String,
        /// The timeout.
        after: Duration,
    },
    /// The publishing was stopped.
    Stopped,
    /// A git process failed.
    Git {
        /// The command.
        command: String,
        /// Its standard error.
        stderr: String,
    },
    /// Other processes moved the branch at each attempt.
    LostRace(String),
}

/// The position of a value that looks like a secret. It does not contain the value.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-secret-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// for secret in tracing_failure::publish::Publisher::new(&dir).publish()?.secrets {
///     eprintln!("{}: {} at {}", secret.file.display(), secret.kind, secret.pointer);
/// }
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Secret {
    /// The file, relative to the root of the work tree.
    pub file: PathBuf,
    /// The JSON pointer (RFC 6901) to the value.
    pub pointer: String,
    /// The kind of secret that it looks like.
    pub kind: &'static str,
    /// The SHA-256 of the value, in hexadecimal, for [`Publisher::allow`](crate::Publisher::allow).
    pub hash: String,
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display().to_string();
        let file = record::redact_text(&file);
        let place = if self.pointer.is_empty() {
            "the name of the file".into()
        } else {
            self.pointer.escape_debug().to_string()
        };
        write!(f, "{file}: {place} ({})", self.kind)
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_problem(f)?;
        match self.remedy() {
            Some(remedy) => write!(f, ": {remedy}"),
            None => Ok(()),
        }
    }
}

impl PublishError {
    fn write_problem(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublishError::NoGit => f.write_str("git is not installed or not on the PATH"),
            PublishError::Io(error) => write!(f, "{error}"),
            PublishError::NoSuchSecret(hash) => {
                write!(f, "{hash} matches no value that looks like a secret, or several")
            }
            PublishError::IndexLocked(lock) => {
                let lock = lock.display();
                write!(f, "nothing was committed, because another git process is using the index ({lock} exists)")
            }
            PublishError::Busy(lock) => {
                write!(f, "another process is publishing from this clone (it holds {})", lock.display())
            }
            PublishError::DetachedHead => f.write_str("HEAD is detached, so there is no branch to commit to"),
            PublishError::BranchSwitched(branch) => {
                write!(f, "nothing was committed, because {branch} is no longer the current branch")
            }
            PublishError::SeriesInProgress(dir) => {
                let dir = dir.display();
                write!(f, "a commit of records would prevent `--abort` of the operation in progress ({dir})")
            }
            PublishError::InvalidName(name) => write!(f, "{name:?} is not a valid name of a branch or a remote"),
            PublishError::BranchInUse { branch, work_tree } => {
                write!(f, "the branch {branch} is checked out in {}", work_tree.display())
            }
            PublishError::ForeignFile { branch, file } => {
                write!(f, "the branch {branch} contains files other than records, such as {}", file.display())
            }
            PublishError::FileInTheWay(path) => {
                write!(f, "{} is a directory on disk and a file in the branch", path.display())
            }
            PublishError::TimedOut { command, after } => {
                write!(f, "`{command}` took more than {} s and was terminated", after.as_secs_f32())
            }
            PublishError::Stopped => f.write_str("stopped before anything was committed"),
            PublishError::Git { command, stderr } => write!(f, "`{command}` failed: {stderr}"),
            PublishError::LostRace(branch) => {
                write!(f, "other processes moved the branch {branch} at each attempt to commit")
            }
        }
    }

    /// Returns what the user can do, unless the problem itself says so.
    fn remedy(&self) -> Option<&'static str> {
        match self {
            PublishError::NoGit => Some("install it to publish records"),
            PublishError::NoSuchSecret(_) => {
                Some("give at least 8 digits of the number that `failures push --dry-run` shows in brackets")
            }
            PublishError::IndexLocked(_) => {
                Some("publish again when it has finished, or remove that file if no git is running")
            }
            PublishError::Busy(_) => Some("publish again when it has finished"),
            PublishError::DetachedHead => Some("check one out, or name a branch for the records"),
            PublishError::BranchSwitched(_) | PublishError::LostRace(_) => Some("publish again"),
            PublishError::SeriesInProgress(_) => Some("finish it first, or name a branch for the records"),
            PublishError::InvalidName(_) => Some("choose another name"),
            PublishError::BranchInUse { .. } => Some("publish from there, or choose another name"),
            PublishError::ForeignFile { .. } => Some("choose another name for the branch of the records"),
            PublishError::FileInTheWay(_) => Some("commit that change first, then publish again"),
            PublishError::Io(_) | PublishError::TimedOut { .. } | PublishError::Stopped | PublishError::Git { .. } => {
                None
            }
        }
    }
}

pub(crate) fn write_secrets(f: &mut fmt::Formatter<'_>, secrets: &[Secret]) -> fmt::Result {
    const MAX_SECRETS: usize = 20;
    const HASH_DIGITS: usize = 12;
    for secret in secrets.iter().take(MAX_SECRETS) {
        write!(f, "\n  {secret} [{}]", &secret.hash[..HASH_DIGITS.min(secret.hash.len())])?;
    }
    match secrets.len().saturating_sub(MAX_SECRETS) {
        0 => Ok(()),
        more => write!(f, "\n  and {more} more"),
    }
}

impl std::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The message contains that of the error, so only the source of the error is new.
            PublishError::Io(error) => error.source(),
            _ => None,
        }
    }
}

//! The results of publishing and planning.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use text::count;

use crate::error::{Secret, write_secrets};

/// The result of [`Publisher::publish`](crate::Publisher::publish).
///
/// ```
/// use tracing_failure::publish::{Outcome, Publisher};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-published-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let published = Publisher::new(&dir).publish()?;
/// match &published.outcome {
///     Outcome::Pushed => println!("{} records are on {:?}", published.records, published.remote),
///     Outcome::Committed(why) => println!("not pushed: {why}"),
///     _ => println!("{published}"),
/// }
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Published {
    /// How far the publishing came.
    pub outcome: Outcome,
    /// The commit that was pushed or, if none was pushed, created.
    pub commit: Option<String>,
    /// The number of records in that commit.
    pub records: usize,
    /// The computations that failed in these records and their counts, the most frequent first.
    pub computations: Vec<(String, usize)>,
    /// The branch on the remote if it was pushed, otherwise the local branch.
    pub branch: Option<String>,
    /// The name of the remote, or its URL without credentials.
    pub remote: Option<String>,
    /// Records that an ignore rule excludes.
    pub ignored: Vec<Ignored>,
    /// Files that look like records but are not, and copies of records.
    pub skipped: Vec<Skipped>,
    /// Values that look like secrets. Their records are left out.
    pub secrets: Vec<Secret>,
}

/// How far publishing came.
///
/// ```
/// use tracing_failure::publish::{Outcome, Publisher};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-outcome-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let published = Publisher::new(&dir).publish()?;
/// assert_eq!(published.outcome, Outcome::NoRepository);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The records are on the remote.
    Pushed,
    /// The records are committed locally but not pushed. The next publishing tries again.
    Committed(NotPushed),
    /// All records were published before.
    NothingToDo,
    /// The directory is not in a work tree of a git repository.
    NoRepository,
}

/// The reason why a commit is not on the remote.
///
/// ```
/// use tracing_failure::publish::NotPushed;
///
/// assert_eq!(NotPushed::NoRemote.to_string(), "the repository has no remote: add one with `git remote add`");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NotPushed {
    /// The repository has no remote.
    NoRemote,
    /// The remote cannot be reached. The text is the message of git.
    Offline(String),
    /// The remote refuses access or requires a login. The text is the message of git.
    Denied(String),
    /// The remote rejects the commit, or others pushed first at each attempt. The text is the message of the remote.
    Rejected(String),
    /// A git process exceeded this timeout.
    TimedOut(Duration),
    /// The publishing was stopped by [`Publisher::stop_when`](crate::Publisher::stop_when).
    Stopped,
    /// The branch is not on the remote yet, and pushing it would publish your own commits.
    NotOnRemote {
        /// The branch.
        branch: String,
        /// The remote.
        remote: String,
    },
    /// The branch was deleted or renamed on the remote.
    Deleted {
        /// The branch.
        branch: String,
        /// The remote.
        remote: String,
    },
    /// The branch on the remote contains files other than records.
    ForeignFile {
        /// The branch.
        branch: String,
        /// One of its files.
        file: PathBuf,
    },
    /// Records of earlier commits contain values that look like secrets.
    Secrets(Vec<Secret>),
    /// Another error occurred. The text is the message of git.
    Failed(String),
}

/// Records that an ignore rule excludes.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-ignored-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// for ignored in tracing_failure::publish::Publisher::new(&dir).plan()?.ignored {
///     println!("{} records stay out by {}", ignored.records, ignored.rule);
/// }
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ignored {
    /// The rule and its position: `.gitignore:3: /io/failures`.
    pub rule: String,
    /// The number of records that the rule excludes.
    pub records: usize,
}

/// A file that is not published.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-skipped-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// for skipped in tracing_failure::publish::Publisher::new(&dir).plan()?.skipped {
///     println!("{}: {}", skipped.file.display(), skipped.why);
/// }
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The file, relative to the root of the work tree.
    pub file: PathBuf,
    /// The reason why the file is left out.
    pub why: String,
    /// The record that the file is a copy of. Programs that synchronise directories create such copies.
    pub copy_of: Option<PathBuf>,
}

/// A preview of [`Publisher::publish`](crate::Publisher::publish).
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-plan-type-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let plan = tracing_failure::publish::Publisher::new(&dir).plan()?;
/// assert_eq!(plan.work_tree, None);
/// assert!(plan.to_string().ends_with("is not in a work tree of a git repository: nothing would be published"));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The directory of the records.
    pub dir: PathBuf,
    /// The root of the work tree, or `None` if the directory is not in one.
    pub work_tree: Option<PathBuf>,
    /// The records that would be committed, relative to the root of the work tree.
    pub records: Vec<PathBuf>,
    /// The computations that failed in these records and their counts, the most frequent first.
    pub computations: Vec<(String, usize)>,
    /// The number of records of earlier commits that would be pushed as well, as far as is known without the remote.
    pub waiting: usize,
    /// The branch that the records would be committed to.
    pub branch: Option<String>,
    /// The name of the remote, or its URL without credentials.
    pub remote: Option<String>,
    /// Records that an ignore rule would exclude.
    pub ignored: Vec<Ignored>,
    /// Files that look like records but are not, and copies of records.
    pub skipped: Vec<Skipped>,
    /// Values that look like secrets. Their records would be left out.
    pub secrets: Vec<Secret>,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (branch, remote) = (self.branch.as_deref().unwrap_or("?"), self.remote.as_deref().unwrap_or("?"));
        let records = count(self.records, "record");
        let commit: String = self.commit.as_deref().unwrap_or_default().chars().take(12).collect();
        match &self.outcome {
            Outcome::Pushed => write!(f, "{records} pushed to {branch} of {remote} ({commit})")?,
            Outcome::Committed(why) if self.commit.is_some() => {
                write!(f, "{records} committed to {branch} ({commit}), not pushed: {why}")?;
            }
            Outcome::Committed(why) => {
                write!(f, "nothing new to commit, and earlier records on {branch} could not be pushed: {why}")?
            }
            Outcome::NothingToDo => f.write_str("nothing to publish")?,
            Outcome::NoRepository => {
                return f.write_str("nothing was published: the directory is not in a work tree of a git repository");
            }
        }
        write_left_out(f, &self.ignored, &self.skipped, &self.secrets)
    }
}

impl fmt::Display for NotPushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotPushed::NoRemote => f.write_str("the repository has no remote: add one with `git remote add`"),
            NotPushed::Offline(words) => write!(f, "the remote cannot be reached: {words}"),
            NotPushed::Denied(words) => write!(f, "the remote denies access: {words}"),
            NotPushed::Rejected(words) => write!(f, "the remote rejects the push: {words}"),
            NotPushed::TimedOut(after) => write!(f, "git did not finish within {} s", after.as_secs_f32()),
            NotPushed::Stopped => f.write_str("it was stopped"),
            NotPushed::NotOnRemote { branch, remote } => write!(
                f,
                "branch {branch} is not on {remote} yet. Push it once yourself (`git push -u {remote} {branch}`), or \
                 choose a separate branch for the records"
            ),
            NotPushed::Deleted { branch, remote } => write!(
                f,
                "branch {branch} was deleted on {remote}. Push it yourself to restore it \
                 (`git push {remote} {branch}`), or choose another branch for the records"
            ),
            NotPushed::ForeignFile { branch, file } => write!(
                f,
                "branch {branch} on the remote contains files other than records, such as {}: choose another name",
                file.display()
            ),
            NotPushed::Secrets(secrets) => {
                f.write_str("committed records contain values that look like secrets:")?;
                write_secrets(f, secrets)
            }
            NotPushed::Failed(words) => f.write_str(words),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.work_tree.is_none() {
            let dir = self.dir.display();
            return write!(f, "{dir} is not in a work tree of a git repository: nothing would be published");
        }
        let branch = self.branch.as_deref().unwrap_or("?");
        match (self.records.len(), self.waiting) {
            (0, 0) => f.write_str("nothing to publish")?,
            (0, waiting) => write!(f, "{} of earlier commits on {branch}", count(waiting, "record"))?,
            (new, _) => write!(f, "{} to commit to {branch}", count(new, "record"))?,
        }
        match &self.remote {
            _ if self.records.is_empty() && self.waiting == 0 => {}
            Some(remote) => write!(f, ", to push to {remote}")?,
            None => f.write_str(", and no remote to push to")?,
        }
        for record in &self.records {
            write!(f, "\n  {}", record.display())?;
        }
        write_left_out(f, &self.ignored, &self.skipped, &self.secrets)
    }
}

fn write_left_out(
    f: &mut fmt::Formatter<'_>,
    ignored: &[Ignored],
    skipped: &[Skipped],
    secrets: &[Secret],
) -> fmt::Result {
    for Ignored { rule, records } in ignored {
        write!(f, "\n{} left out by the ignore rule {rule}", count(*records, "record"))?;
    }
    for Skipped { file, why, .. } in skipped {
        write!(f, "\n{} left out: {why}", file.display())?;
    }
    if secrets.is_empty() {
        return Ok(());
    }
    let mut files: Vec<_> = secrets.iter().map(|secret| &secret.file).collect();
    files.dedup();
    write!(f, "\n{} left out because of values that look like secrets:", count(files.len(), "record"))?;
    write_secrets(f, secrets)?;
    f.write_str(
        "\nRemove the values from the files, or replace them by \"[redacted]\". If a value is not a secret, \
         allow it with `failures push --allow` and the number in brackets.",
    )
}

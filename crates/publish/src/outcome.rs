//! What publishing did, or would do.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Secret, write_secrets};

/// What [`Publisher::publish`](crate::Publisher::publish) did.
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
    /// How far it came.
    pub outcome: Outcome,
    /// The commit that was pushed, or else made.
    pub commit: Option<String>,
    /// How many records were pushed, or else committed.
    pub records: usize,
    /// What failed in them, and how often, the most frequent first.
    pub computations: Vec<(String, usize)>,
    /// The branch: on the remote where it was pushed, else here.
    pub branch: Option<String>,
    /// The remote, by its name or, without the credentials in it, its URL.
    pub remote: Option<String>,
    /// Records that stay out because of an ignore rule.
    pub ignored: Vec<Ignored>,
    /// Files that look like records and are none, and copies of records.
    pub skipped: Vec<Skipped>,
    /// What looks like secrets in new records. These records are left out.
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
    /// The records are committed here and not on the remote: the next publishing tries again.
    Committed(NotPushed),
    /// All records are where they should be.
    NothingToDo,
    /// The directory is in no work tree of a git repository.
    NoRepository,
}

/// Why a commit is not on the remote.
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
    /// The remote cannot be reached; in the words of git.
    Offline(String),
    /// The remote wants to know who we are, or does not let us in; in the words of git.
    Denied(String),
    /// The remote does not take the commit, or others came first each time; in its words.
    Rejected(String),
    /// A call of git was ended after this time.
    TimedOut(Duration),
    /// It was to stop: [`Publisher::stop_when`](crate::Publisher::stop_when).
    Stopped,
    /// The branch is not on the remote yet, and pushing it would publish commits of yours.
    NotOnRemote {
        /// The branch.
        branch: String,
        /// The remote.
        remote: String,
    },
    /// The branch was on the remote and is no longer there: others have deleted or renamed it.
    Deleted {
        /// The branch.
        branch: String,
        /// The remote.
        remote: String,
    },
    /// The branch of the remote holds other files than records.
    NotOurs {
        /// The branch.
        branch: String,
        /// One of its files.
        file: PathBuf,
    },
    /// Records that were committed earlier hold what looks like secrets.
    Secrets(Vec<Secret>),
    /// Something else went wrong; in the words of git.
    Failed(String),
}

/// Records that an ignore rule keeps out.
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
    /// The rule and where it stands: `.gitignore:3: /io/failures`.
    pub rule: String,
    /// How many records it concerns.
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
    /// Why it is left out.
    pub why: String,
    /// The record that it is a copy of, as programs leave it that synchronise directories: then nothing is missing.
    pub copy_of: Option<PathBuf>,
}

/// What [`Publisher::publish`](crate::Publisher::publish) would do.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-plan-type-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let plan = tracing_failure::publish::Publisher::new(&dir).plan()?;
/// assert_eq!(plan.work_tree, None);
/// assert!(plan.to_string().ends_with("is in no work tree of a git repository: nothing would be published"));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The directory of the records.
    pub dir: PathBuf,
    /// The root of the work tree; `None` where the directory is in none.
    pub work_tree: Option<PathBuf>,
    /// The records that would be committed, relative to the root of the work tree.
    pub records: Vec<PathBuf>,
    /// What failed in them, and how often, the most frequent first.
    pub computations: Vec<(String, usize)>,
    /// How many records of earlier commits would be pushed with them, as far as is known without asking the remote.
    pub waiting: usize,
    /// The branch that they would be committed to.
    pub branch: Option<String>,
    /// The remote, by its name or, without the credentials in it, its URL.
    pub remote: Option<String>,
    /// Records that would stay out because of an ignore rule.
    pub ignored: Vec<Ignored>,
    /// Files that look like records and are none, and copies of records.
    pub skipped: Vec<Skipped>,
    /// What looks like secrets in new records. These records would be left out.
    pub secrets: Vec<Secret>,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (branch, remote) = (self.branch.as_deref().unwrap_or("?"), self.remote.as_deref().unwrap_or("?"));
        let records = Count(self.records, "record");
        let commit: String = self.commit.as_deref().unwrap_or_default().chars().take(12).collect();
        match &self.outcome {
            Outcome::Pushed => write!(f, "{records} pushed to {branch} of {remote} ({commit})")?,
            Outcome::Committed(why) if self.commit.is_some() => {
                write!(f, "{records} committed to {branch} ({commit}), not pushed: {why}")?;
            }
            Outcome::Committed(why) => {
                write!(f, "nothing new to commit, and what {branch} holds could not be pushed: {why}")?
            }
            Outcome::NothingToDo => f.write_str("nothing to publish")?,
            Outcome::NoRepository => {
                return f.write_str("the directory is in no work tree of a git repository: nothing was published");
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
            NotPushed::Denied(words) => write!(f, "the remote does not let us in: {words}"),
            NotPushed::Rejected(words) => write!(f, "the remote rejects it: {words}"),
            NotPushed::TimedOut(after) => write!(f, "git did not come back within {} s", after.as_secs_f32()),
            NotPushed::Stopped => f.write_str("it was stopped"),
            NotPushed::NotOnRemote { branch, remote } => write!(
                f,
                "branch {branch} is not on {remote} yet: push it once yourself (`git push -u {remote} {branch}`), or choose a \
                 branch of its own for the records"
            ),
            NotPushed::Deleted { branch, remote } => write!(
                f,
                "branch {branch} was on {remote} and is no longer there: push it yourself if it is to come back (`git push \
                 {remote} {branch}`), or choose another branch for the records"
            ),
            NotPushed::NotOurs { branch, file } => write!(
                f,
                "the branch {branch} of the remote holds more than records, {} for one: choose another name",
                file.display()
            ),
            NotPushed::Secrets(secrets) => {
                f.write_str("records that are committed hold what looks like secrets:")?;
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
            return write!(f, "{dir} is in no work tree of a git repository: nothing would be published");
        }
        let branch = self.branch.as_deref().unwrap_or("?");
        match (self.records.len(), self.waiting) {
            (0, 0) => f.write_str("nothing to publish")?,
            (0, waiting) => write!(f, "{} of earlier commits on {branch}", Count(waiting, "record"))?,
            (new, _) => write!(f, "{} to commit to {branch}", Count(new, "record"))?,
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
        write!(f, "\n{} left out by the ignore rule {rule}", Count(*records, "record"))?;
    }
    for Skipped { file, why, .. } in skipped {
        write!(f, "\n{} left out: {why}", file.display())?;
    }
    if secrets.is_empty() {
        return Ok(());
    }
    let mut files: Vec<_> = secrets.iter().map(|secret| &secret.file).collect();
    files.dedup();
    write!(f, "\n{} left out, with what looks like secrets:", Count(files.len(), "record"))?;
    write_secrets(f, secrets)?;
    f.write_str(
        "\ntake them out of the files, or replace them by \"[redacted]\"; allow what is no secret with \
         `failures push --allow` and the number in brackets",
    )
}

/// A number of things, in words.
pub(crate) struct Count(pub(crate) usize, pub(crate) &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

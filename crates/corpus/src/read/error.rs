//! The error of reading a corpus.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Maximum number of names in a message.
const MAX_NAMES: usize = 20;

/// The reason why a corpus could not be read.
///
/// ```
/// use std::ops::ControlFlow;
/// use tracing_failure_corpus::{Corpus, CorpusError, ReadOptions};
///
/// let error = Corpus::read(&["no/such/io".into()], &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
/// let error = error.unwrap_err();
/// assert!(matches!(error, CorpusError::NotFound(_)));
/// assert!(error.to_string().contains("no/such/io"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum CorpusError {
    /// A directory does not exist.
    NotFound(PathBuf),
    /// A path is neither a directory nor a log nor a record.
    Foreign(PathBuf),
    /// A directory is not readable.
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// The directories contain no computations.
    NoComputations(Vec<PathBuf>),
    /// No computation ended in the time range.
    NoneInTimeRange(Vec<PathBuf>),
    /// The directories contain other computations only.
    UnknownComputation {
        /// The name of the computation.
        computation: String,
        /// The names of computations in the directories, at most 20.
        known: Vec<String>,
    },
    /// The caller stopped the reading.
    Cancelled,
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CorpusError::NotFound(path) => {
                write!(f, "no such directory: {} (nothing has been recorded there yet)", path.display())
            }
            CorpusError::Foreign(path) => {
                write!(f, "{} is neither a directory nor a log (.jsonl) nor a record (.json)", path.display())
            }
            CorpusError::Unreadable { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            CorpusError::NoComputations(paths) => write!(
                f,
                "no computations in {}: run an instrumented program, or name a directory that contains the \
                 directories 'logs' or 'failures'",
                join(paths)
            ),
            CorpusError::NoneInTimeRange(paths) => {
                write!(f, "no computation in {} ended in this time range: choose a longer one", join(paths))
            }
            CorpusError::UnknownComputation { computation, known } => {
                let shown = &known[..known.len().min(MAX_NAMES)];
                write!(f, "no computation '{computation}': the directories contain {}", shown.join(", "))?;
                match known.len() - shown.len() {
                    0 => Ok(()),
                    others => write!(f, " and {others} more"),
                }
            }
            CorpusError::Cancelled => f.write_str("the reading was cancelled"),
        }
    }
}

impl std::error::Error for CorpusError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CorpusError::Unreadable { error, .. } => Some(error),
            _ => None,
        }
    }
}

fn join(paths: &[PathBuf]) -> String {
    if paths.is_empty() {
        return "no directory".to_owned();
    }
    paths.iter().map(|path: &PathBuf| Path::display(path).to_string()).collect::<Vec<_>>().join(", ")
}

//! The results of a sweep.

use std::error::Error;
use std::fmt::{self, Display};

/// The runs of a sweep, in the order of its grid.
///
/// ```
/// use tracing_failure::Sweep;
///
/// let runs = Sweep::over([4.0_f64, -1.0]).run(|&x| if x >= 0.0 { Ok(x.sqrt()) } else { Err("negative") });
/// for (parameters, value) in runs.successes() {
///     println!("the root of {parameters} is {value}");
/// }
/// for (parameters, error) in runs.failures() {
///     println!("{parameters} has no root: {error}");
/// }
/// assert_eq!((runs.len(), runs.success_count(), runs.failure_count()), (2, 1, 1));
///
/// let roots: Vec<f64> = runs.into_iter().filter_map(|run| run.result.ok()).collect();
/// assert_eq!(roots, [2.0]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "it has the failures of the sweep"]
pub struct Runs<P, T, E> {
    runs: Vec<Run<P, T, E>>,
}

/// One run of a sweep.
///
/// ```
/// let runs = tracing_failure::Sweep::over([0.5, 2.0]).run(|mu| Ok::<_, String>(2.0 * mu));
/// let run = runs.iter().nth(1).unwrap();
/// assert_eq!((run.index, run.parameters, &run.result), (1, 2.0, &Ok(4.0)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Run<P, T, E> {
    /// The position in the grid, from 0.
    pub index: usize,
    /// The parameters of the run.
    pub parameters: P,
    /// The result of the closure.
    pub result: Result<T, RunError<E>>,
}

/// The failure of one run of a sweep.
///
/// ```
/// use tracing_failure::{Sweep, sweep::RunError};
///
/// let runs = Sweep::over([0, 1, 2]).run(|&row| match row {
///     0 => Err("zero pivot"),
///     1 => Ok(0.5),
///     _ => panic!("no such row"),
/// });
/// let errors: Vec<&RunError<&str>> = runs.failures().map(|(_, error)| error).collect();
/// assert_eq!(errors, [&RunError::Failed("zero pivot"), &RunError::Panicked("no such row".to_owned())]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError<E> {
    /// The closure returned this error.
    Failed(E),
    /// The closure panicked with this message.
    Panicked(String),
}

impl<E: Display> Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Failed(error) => error.fmt(f),
            RunError::Panicked(message) => write!(f, "panicked: {message}"),
        }
    }
}

impl<E: Error> Error for RunError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // The message is that of the error itself.
            RunError::Failed(error) => error.source(),
            RunError::Panicked(_) => None,
        }
    }
}

impl<P, T, E> Runs<P, T, E> {
    /// Takes runs in any order.
    pub(super) fn sorted(mut runs: Vec<Run<P, T, E>>) -> Self {
        runs.sort_unstable_by_key(|run| run.index);
        Runs { runs }
    }

    /// Returns the parameters and the values of the runs that succeeded.
    ///
    /// ```
    /// use tracing_failure::Sweep;
    ///
    /// let runs = Sweep::over([1, 2, 3]).run(|&x| if x < 3 { Ok(10 * x) } else { Err("too large") });
    /// assert_eq!(runs.successes().collect::<Vec<_>>(), [(&1, &10), (&2, &20)]);
    /// ```
    pub fn successes(&self) -> impl Iterator<Item = (&P, &T)> {
        self.runs.iter().filter_map(|run| Some((&run.parameters, run.result.as_ref().ok()?)))
    }

    /// Returns the parameters and the errors of the runs that failed.
    ///
    /// ```
    /// use tracing_failure::Sweep;
    ///
    /// let runs = Sweep::over([1, 2, 3]).run(|&x| if x < 3 { Ok(10 * x) } else { Err("too large") });
    /// let failed: Vec<i32> = runs.failures().map(|(parameters, _)| *parameters).collect();
    /// assert_eq!(failed, [3]);
    /// ```
    pub fn failures(&self) -> impl Iterator<Item = (&P, &RunError<E>)> {
        self.runs.iter().filter_map(|run| Some((&run.parameters, run.result.as_ref().err()?)))
    }

    /// Returns all runs.
    ///
    /// ```
    /// use tracing_failure::Sweep;
    ///
    /// let runs = Sweep::over([1, 2, 3]).run(|&x| if x < 3 { Ok(10 * x) } else { Err("too large") });
    /// assert_eq!(runs.iter().map(|run| run.index).collect::<Vec<_>>(), [0, 1, 2]);
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, Run<P, T, E>> {
        self.runs.iter()
    }

    /// Returns the number of runs.
    ///
    /// ```
    /// use tracing_failure::Sweep;
    ///
    /// let runs = Sweep::over([1, 2, 3]).run(|&x| if x < 3 { Ok(10 * x) } else { Err("too large") });
    /// assert_eq!(runs.len(), 3);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Returns true if the grid was empty.
    ///
    /// ```
    /// use tracing_failure::Sweep;
    ///
    /// let runs = Sweep::over([1, 2, 3]).run(|&x| if x < 3 { Ok(10 * x) } else { Err("too large") });
    /// assert!(!runs.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Returns the number of runs that succeeded.
    ///
    /// ```
    /// use tracing_failure::Sweep;
    ///
    /// let runs = Sweep::over([1, 2, 3]).run(|&x| if x < 3 { Ok(10 * x) } else { Err("too large") });
    /// assert_eq!(runs.success_count(), 2);
    /// ```
    #[must_use]
    pub fn success_count(&self) -> usize {
        self.successes().count()
    }

    /// Returns the number of runs that failed.
    ///
    /// ```
    /// use tracing_failure::Sweep;
    ///
    /// let runs = Sweep::over([1, 2, 3]).run(|&x| if x < 3 { Ok(10 * x) } else { Err("too large") });
    /// assert_eq!(runs.failure_count(), 1);
    /// ```
    #[must_use]
    pub fn failure_count(&self) -> usize {
        self.failures().count()
    }
}

impl<P, T, E> IntoIterator for Runs<P, T, E> {
    type Item = Run<P, T, E>;
    type IntoIter = std::vec::IntoIter<Run<P, T, E>>;

    fn into_iter(self) -> Self::IntoIter {
        self.runs.into_iter()
    }
}

impl<'a, P, T, E> IntoIterator for &'a Runs<P, T, E> {
    type Item = &'a Run<P, T, E>;
    type IntoIter = std::slice::Iter<'a, Run<P, T, E>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

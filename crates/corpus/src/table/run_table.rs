//! All runs of one computation.

use std::collections::HashMap;

use super::column::ValueColumn;
use super::run::{FailedRun, RunFacts, RunOutcome, Session};
use record::{Map, Value};
use region::Cell;

/// All runs of one computation: their facts, and a column for each parameter.
///
/// ```
/// use tracing_failure_corpus::{Cell, RunFacts, RunOutcome, RunTable};
///
/// let mut runs = RunTable::new("rg_flow_integration");
/// runs.push(RunFacts::new(RunOutcome::Ok), [("lambda", Cell::Number(0.1))]);
/// runs.push(RunFacts::new(RunOutcome::Failed), [("lambda", Cell::Number(41.0)), ("method", Cell::Text("RK45"))]);
/// assert_eq!(runs.len(), 2);
/// assert_eq!(runs.parameter("method").unwrap().cell(0), Cell::Missing);
/// assert_eq!(runs.failed_count(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunTable {
    computation: String,
    theoretical_ref: String,
    runs: Vec<RunFacts>,
    parameters: Vec<ValueColumn>,
    positions: HashMap<String, usize>,
    digests: Vec<ValueColumn>,
    sessions: Vec<Session>,
    session_positions: HashMap<String, u32>,
    failures: Vec<FailedRun>,
    omits_parameters: bool,
}

/// Maximum number of parameters, and of digests, of a computation. Values of further ones are omitted.
pub(crate) const MAX_COLUMNS: usize = 512;

impl RunTable {
    /// Creates a table without runs.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunTable::new("rg_flow").is_empty());
    /// ```
    pub fn new(computation: impl Into<String>) -> Self {
        RunTable { computation: computation.into(), ..RunTable::default() }
    }

    /// Returns the name of the computation.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::RunTable::new("rg_flow").computation(), "rg_flow");
    /// ```
    pub fn computation(&self) -> &str {
        &self.computation
    }

    /// Returns the theoretical reference of the first run that has one; empty if none has.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::RunTable::new("rg_flow").theoretical_ref(), "");
    /// ```
    pub fn theoretical_ref(&self) -> &str {
        &self.theoretical_ref
    }

    /// Sets the theoretical reference, unless the table has one.
    ///
    /// ```
    /// let mut runs = tracing_failure_corpus::RunTable::new("rg_flow");
    /// runs.set_theoretical_ref("Eq. 1.12");
    /// runs.set_theoretical_ref("Eq. 1.13");
    /// assert_eq!(runs.theoretical_ref(), "Eq. 1.12");
    /// ```
    pub fn set_theoretical_ref(&mut self, reference: &str) {
        if self.theoretical_ref.is_empty() {
            reference.clone_into(&mut self.theoretical_ref);
        }
    }

    /// Returns the number of runs.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::RunTable::new("rg_flow").len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Returns true if there are no runs.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunTable::new("rg_flow").is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Returns the facts of all runs.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunTable::new("rg_flow").runs().is_empty());
    /// ```
    pub fn runs(&self) -> &[RunFacts] {
        &self.runs
    }

    /// Returns a column for each parameter, in the order of first appearance.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunTable::new("rg_flow").parameters().is_empty());
    /// ```
    pub fn parameters(&self) -> &[ValueColumn] {
        &self.parameters
    }

    /// Returns the column of a parameter.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunTable::new("rg_flow").parameter("mu").is_none());
    /// ```
    pub fn parameter(&self, name: &str) -> Option<&ValueColumn> {
        self.positions.get(name).map(|&position| &self.parameters[position])
    }

    /// Returns the columns of convergence digests: `newton step.residual.rate`. They may be shorter than the table.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunTable::new("rg_flow").digests().is_empty());
    /// ```
    pub fn digests(&self) -> &[ValueColumn] {
        &self.digests
    }

    /// Returns the sessions to which [`RunFacts::session`] refers.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunTable::new("rg_flow").sessions().is_empty());
    /// ```
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// Returns the facts of failed runs to which [`RunFacts::failure`] refers.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunTable::new("rg_flow").failures().is_empty());
    /// ```
    pub fn failures(&self) -> &[FailedRun] {
        &self.failures
    }

    /// Returns the number of runs that failed.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::RunTable::new("rg_flow").failed_count(), 0);
    /// ```
    pub fn failed_count(&self) -> usize {
        self.runs.iter().filter(|run| run.outcome.is_failure()).count()
    }

    /// Returns the number of runs with this outcome.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::RunTable::new("rg_flow").count(tracing_failure_corpus::RunOutcome::Ok), 0);
    /// ```
    pub fn count(&self, outcome: RunOutcome) -> usize {
        self.runs.iter().filter(|run| run.outcome == outcome).count()
    }

    /// Returns the parameters of a run under the names of their columns, without missing ones.
    ///
    /// # Panics
    ///
    /// If there is no such run.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, RunFacts, RunOutcome, RunTable};
    ///
    /// let mut runs = RunTable::new("rg_flow");
    /// runs.push(RunFacts::new(RunOutcome::Ok), [("lambda", Cell::Number(0.5))]);
    /// assert_eq!(runs.parameters_of(0).get("lambda"), Some(&0.5.into()));
    /// ```
    pub fn parameters_of(&self, run: usize) -> Map {
        let present = self.parameters.iter().filter(|column| column.cell(run) != Cell::Missing);
        Map::from_iter(present.map(|column| (column.name().to_owned(), Value::from(column.cell(run)))))
    }

    /// Removes the columns of parameters for which `keep` returns false.
    pub(crate) fn retain_parameters(&mut self, keep: impl Fn(&str) -> bool) {
        self.parameters.retain(|column| keep(column.name()));
        let names = self.parameters.iter().map(|column| column.name().to_owned());
        self.positions = names.zip(0..).collect();
    }

    /// Removes the runs for which `keep` returns false. Sessions and failures stay.
    pub(crate) fn retain_runs(&mut self, keep: impl Fn(usize) -> bool) {
        let mut run = 0;
        self.runs.retain(|_| {
            run += 1;
            keep(run - 1)
        });
        for column in self.parameters.iter_mut().chain(&mut self.digests) {
            column.retain(&keep);
        }
    }

    /// Returns true if a run has a parameter or a digest without a column, because the table has 512 already.
    pub(crate) fn omits_parameters(&self) -> bool {
        self.omits_parameters
    }

    /// Returns the index of the session with this id, and adds facts that are unknown so far. A new session is
    /// appended.
    ///
    /// ```
    /// use tracing_failure_corpus::Session;
    ///
    /// let mut runs = tracing_failure_corpus::RunTable::new("rg_flow");
    /// assert_eq!([runs.push_session(Session::new("s")), runs.push_session(Session::new("s"))], [0, 0]);
    /// ```
    pub fn push_session(&mut self, session: Session) -> u32 {
        if let Some(&index) = self.session_positions.get(&session.id) {
            self.sessions[index as usize].complete(session);
            return index;
        }
        let index = self.sessions.len() as u32;
        self.session_positions.insert(session.id.clone(), index);
        self.sessions.push(session);
        index
    }

    /// Returns the index of the session with this id. A new session is appended.
    pub(crate) fn session_index(&mut self, id: &str) -> u32 {
        match self.session_positions.get(id) {
            Some(&index) => index,
            None => self.push_session(Session::new(id)),
        }
    }

    /// Adds facts about the sessions of the table.
    pub(crate) fn complete_sessions(&mut self, facts: &HashMap<String, Session>) {
        for session in &mut self.sessions {
            if let Some(facts) = facts.get(&session.id) {
                session.complete(facts.clone());
            }
        }
    }

    /// Replaces the facts of a failed run.
    pub(crate) fn set_failure(&mut self, index: u32, failure: FailedRun) {
        if let Some(known) = self.failures.get_mut(index as usize) {
            *known = failure;
        }
    }

    /// Appends the facts of a failed run and returns their index.
    ///
    /// ```
    /// let mut runs = tracing_failure_corpus::RunTable::new("rg_flow");
    /// assert_eq!(runs.push_failure(tracing_failure_corpus::FailedRun::default()), 0);
    /// ```
    pub fn push_failure(&mut self, failure: FailedRun) -> u32 {
        self.failures.push(failure);
        (self.failures.len() - 1) as u32
    }

    /// Appends a run with its parameters. If a name occurs twice, the first value counts.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, RunFacts, RunOutcome, RunTable};
    ///
    /// let mut runs = RunTable::new("rg_flow");
    /// runs.push(RunFacts::new(RunOutcome::Ok), [("mu", Cell::Number(1.0)), ("mu", Cell::Number(2.0))]);
    /// assert_eq!(runs.parameter("mu").unwrap().cell(0), Cell::Number(1.0));
    /// ```
    pub fn push<'a>(&mut self, run: RunFacts, parameters: impl IntoIterator<Item = (&'a str, Cell<'a>)>) {
        let row = self.runs.len();
        // Runs mostly have the same parameters in the same order.
        let mut expected = 0;
        for (name, cell) in parameters {
            let position = match self.parameters.get(expected) {
                Some(column) if column.name() == name => expected,
                _ => match self.position(name) {
                    Some(position) => position,
                    None => continue,
                },
            };
            expected = position + 1;
            let column = &mut self.parameters[position];
            if column.len() <= row {
                column.extend_missing(row);
                column.push(cell);
            }
        }
        self.runs.push(run);
        for column in &mut self.parameters {
            column.extend_missing(row + 1);
        }
    }

    /// Returns the position of a parameter. A new column is appended while there are fewer than [`MAX_COLUMNS`].
    fn position(&mut self, name: &str) -> Option<usize> {
        if let Some(&position) = self.positions.get(name) {
            return Some(position);
        }
        if self.parameters.len() >= MAX_COLUMNS {
            self.omits_parameters = true;
            return None;
        }
        self.parameters.push(ValueColumn::new(name));
        self.positions.insert(name.to_owned(), self.parameters.len() - 1);
        Some(self.parameters.len() - 1)
    }

    /// Sets a convergence digest of the last run.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, RunFacts, RunOutcome, RunTable};
    ///
    /// let mut runs = RunTable::new("rg_flow");
    /// runs.push(RunFacts::new(RunOutcome::Ok), []);
    /// runs.push_digest("newton step.residual.rate", Cell::Number(0.5));
    /// assert_eq!(runs.digests()[0].cell(0), Cell::Number(0.5));
    /// ```
    pub fn push_digest(&mut self, name: &str, cell: Cell<'_>) {
        if let Some(row) = self.runs.len().checked_sub(1) {
            self.set_digest(row, name, cell);
        }
    }

    /// Sets a convergence digest of a run, unless the run has one of this name.
    pub(crate) fn set_digest(&mut self, row: usize, name: &str, cell: Cell<'_>) {
        let Some(position) = self.digest_position(name) else { return };
        let column = &mut self.digests[position];
        column.extend_missing(row + 1);
        if column.cell(row) == Cell::Missing {
            column.set(row, cell);
        }
    }

    /// Returns true if the run has a convergence digest.
    pub(crate) fn has_digest(&self, row: usize) -> bool {
        self.digests.iter().any(|column| row < column.len() && column.cell(row) != Cell::Missing)
    }

    fn digest_position(&mut self, name: &str) -> Option<usize> {
        let position = self.digests.iter().position(|column| column.name() == name);
        if position.is_none() {
            if self.digests.len() >= MAX_COLUMNS {
                self.omits_parameters = true;
                return None;
            }
            self.digests.push(ValueColumn::new(name));
        }
        Some(position.unwrap_or(self.digests.len() - 1))
    }

    /// Appends all runs of another table of the same computation. Equal sessions are merged.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, RunFacts, RunOutcome, RunTable, Session};
    ///
    /// let table = || {
    ///     let mut runs = RunTable::new("rg_flow");
    ///     runs.push_session(Session::new("s"));
    ///     runs.push(RunFacts::new(RunOutcome::Ok), [("mu", Cell::Number(1.0))]);
    ///     runs
    /// };
    /// let mut all = table();
    /// all.append(table());
    /// assert_eq!((all.len(), all.sessions().len()), (2, 1));
    /// ```
    pub fn append(&mut self, other: RunTable) {
        let rows = self.runs.len();
        self.set_theoretical_ref(&other.theoretical_ref);
        self.omits_parameters |= other.omits_parameters;
        let sessions: Vec<u32> = other.sessions.into_iter().map(|session| self.push_session(session)).collect();
        let failures = self.failures.len() as u32;
        self.failures.extend(other.failures);
        self.runs.extend(other.runs.into_iter().map(|run| RunFacts {
            session: sessions.get(run.session as usize).copied().unwrap_or(run.session),
            failure: run.failure.map(|failure| failure + failures),
            ..run
        }));
        for column in other.parameters {
            let Some(position) = self.position(column.name()) else { continue };
            self.parameters[position].extend_missing(rows);
            self.parameters[position].append(&column);
        }
        for column in other.digests {
            let Some(position) = self.digest_position(column.name()) else { continue };
            self.digests[position].extend_missing(rows);
            self.digests[position].append(&column);
        }
        for column in &mut self.parameters {
            column.extend_missing(self.runs.len());
        }
    }
}

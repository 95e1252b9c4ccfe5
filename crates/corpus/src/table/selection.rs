//! A part of the runs of a table.

use super::run::RunFacts;
use super::run_table::RunTable;
use region::Cell;

impl RunTable {
    /// Returns a table with the runs for which `is_selected` returns true. Sessions, failures and columns stay.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, RunFacts, RunOutcome, RunTable};
    ///
    /// let mut runs = RunTable::new("rg_flow");
    /// runs.push(RunFacts::new(RunOutcome::Ok), [("mu", Cell::Number(1.0))]);
    /// runs.push(RunFacts::new(RunOutcome::Cancelled), [("mu", Cell::Number(2.0))]);
    /// let successes = runs.select(|run| run.outcome.is_success());
    /// assert_eq!(successes.parameter("mu").unwrap().cells().collect::<Vec<_>>(), [Cell::Number(1.0)]);
    /// ```
    pub fn select(&self, is_selected: impl Fn(&RunFacts) -> bool) -> RunTable {
        let mut selected = RunTable::new(self.computation());
        selected.set_theoretical_ref(self.theoretical_ref());
        for session in self.sessions() {
            selected.push_session(session.clone());
        }
        for failure in self.failures() {
            selected.push_failure(failure.clone());
        }
        for (row, run) in self.runs().iter().enumerate().filter(|(_, run)| is_selected(run)) {
            let parameters = self.parameters().iter().map(|column| (column.name(), column.cell(row)));
            selected.push(run.clone(), parameters);
            for digest in self.digests() {
                if row < digest.len() && digest.cell(row) != Cell::Missing {
                    selected.push_digest(digest.name(), digest.cell(row));
                }
            }
        }
        selected
    }
}

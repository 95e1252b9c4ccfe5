//! Counts the runs of a table in memory.

use std::collections::HashSet;
use std::convert::Infallible;

use indexmap::IndexSet;

use super::bins::{ColumnBins, MAX_LABELS};
use super::counter::{ParameterProfile, RunCounter, RunTotals, Scope, SessionSet, ValueCount, ValueRequest};
use crate::table::column::ValueColumn;
use crate::table::run::RunOutcome;
use crate::table::run_table::RunTable;
use region::Cell;
use region::RunCounts;
use region::{CellTest, Label, RuleCondition};

/// Maximum number of numbers of failed runs, and of others, that represent a distribution.
const MAX_SAMPLES: usize = 16_384;

/// Counts the runs of a table in memory.
///
/// ```
/// use tracing_failure_corpus::search::{LocalCounter, RunCounter};
/// use tracing_failure_corpus::{RunFacts, RunOutcome, RunTable};
///
/// let mut runs = RunTable::new("rg_flow");
/// runs.push(RunFacts::new(RunOutcome::Ok), []);
/// assert_eq!(LocalCounter::new(&runs).totals().unwrap().sessions[0].1.runs, 1);
/// ```
pub struct LocalCounter<'a> {
    table: &'a RunTable,
    /// The runs that count.
    rows: Vec<u32>,
    /// For each row of the table.
    is_failure: Vec<bool>,
    held_out: HashSet<u32>,
    bins: Vec<ColumnBins>,
    /// For each column with bins, the bin of each row of the table.
    codes: Vec<Vec<u8>>,
}

impl<'a> LocalCounter<'a> {
    /// Creates a counter of the runs of a table.
    ///
    /// ```
    /// # use tracing_failure_corpus::{RunTable, search::LocalCounter};
    /// let runs = RunTable::new("rg_flow");
    /// let counter = LocalCounter::new(&runs);
    /// # drop(counter);
    /// ```
    pub fn new(table: &'a RunTable) -> Self {
        let counted = |row: &u32| {
            let outcome = table.runs()[*row as usize].outcome;
            outcome.is_failure() || outcome.is_success()
        };
        LocalCounter {
            table,
            rows: (0..table.len() as u32).filter(counted).collect(),
            is_failure: table.runs().iter().map(|run| run.outcome.is_failure()).collect(),
            held_out: HashSet::new(),
            bins: Vec::new(),
            codes: Vec::new(),
        }
    }

    /// The rows of a scope.
    fn rows(&self, scope: &Scope) -> Vec<u32> {
        let mut rows = self.rows.clone();
        if scope.sessions != SessionSet::All {
            let wanted = scope.sessions == SessionSet::HeldOut;
            rows.retain(|&row| self.held_out.contains(&self.table.runs()[row as usize].session) == wanted);
        }
        for rule in &scope.excluded {
            let inside: Vec<u32> = self.select(&rows, rule);
            let mut inside = inside.into_iter().peekable();
            rows.retain(|row| inside.next_if_eq(row).is_none());
        }
        rows
    }

    /// The rows that satisfy all conditions, in the same order.
    fn select(&self, rows: &[u32], rule: &[RuleCondition]) -> Vec<u32> {
        let mut selected = rows.to_vec();
        for condition in rule {
            match self.table.parameter(&condition.parameter) {
                Some(column) => retain(&mut selected, column, &condition.test),
                None if condition.test == CellTest::Missing => {}
                None => selected.clear(),
            }
        }
        selected
    }

    fn count_rows(&self, rows: &[u32]) -> RunCounts {
        let failed = rows.iter().filter(|&&row| self.is_failure[row as usize]).count();
        RunCounts { failed: failed as u64, runs: rows.len() as u64 }
    }
}

/// Keeps the rows whose value passes a test.
fn retain(rows: &mut Vec<u32>, column: &ValueColumn, test: &CellTest) {
    let number = |row: u32| match column.cell(row as usize) {
        Cell::Number(number) => number,
        // Comparisons with NaN are false.
        _ => f64::NAN,
    };
    match *test {
        CellTest::Greater(threshold) => rows.retain(|&row| number(row) > threshold),
        CellTest::AtLeast(threshold) => rows.retain(|&row| number(row) >= threshold),
        CellTest::Less(threshold) => rows.retain(|&row| number(row) < threshold),
        CellTest::AtMost(threshold) => rows.retain(|&row| number(row) <= threshold),
        _ => rows.retain(|&row| test.matches(column.cell(row as usize))),
    }
}

impl RunCounter for LocalCounter<'_> {
    type Error = Infallible;

    fn profiles(&mut self) -> Result<Vec<ParameterProfile>, Infallible> {
        let profile = |column| profile(column, &self.rows, &self.is_failure);
        Ok(self.table.parameters().iter().map(profile).collect())
    }

    fn totals(&mut self) -> Result<RunTotals, Infallible> {
        let mut counts = vec![RunCounts::default(); self.table.sessions().len().max(1)];
        for &row in &self.rows {
            let row = row as usize;
            let session = self.table.runs()[row].session as usize;
            counts[session] += RunCounts { failed: self.is_failure[row].into(), runs: 1 };
        }
        let id = |session: usize| self.table.sessions().get(session).map_or("", |session| &session.id).to_owned();
        let counted = counts.into_iter().enumerate().filter(|(_, counts)| counts.runs > 0);
        Ok(RunTotals {
            computation: self.table.computation().to_owned(),
            sessions: counted.map(|(session, counts)| (id(session), counts)).collect(),
            unknown: self.table.count(RunOutcome::Unknown) as u64,
        })
    }

    fn hold_out(&mut self, sessions: Vec<String>) -> Result<(), Infallible> {
        let sessions: HashSet<String> = sessions.into_iter().collect();
        let held_out = self.table.sessions().iter().zip(0..).filter(|(session, _)| sessions.contains(&session.id));
        self.held_out = held_out.map(|(_, index)| index).collect();
        Ok(())
    }

    fn set_bins(&mut self, bins: Vec<ColumnBins>) -> Result<(), Infallible> {
        let codes = |bins: &ColumnBins| match self.table.parameter(bins.parameter()) {
            Some(column) => column.cells().map(|cell| bins.bin(cell) as u8).collect(),
            None => vec![bins.missing() as u8; self.table.len()],
        };
        self.codes = bins.iter().map(codes).collect();
        self.bins = bins;
        Ok(())
    }

    fn histograms(
        &mut self,
        scope: &Scope,
        rules: &[Vec<RuleCondition>],
    ) -> Result<Vec<Vec<Vec<RunCounts>>>, Infallible> {
        let rows = self.rows(scope);
        let histograms = rules.iter().map(|rule| {
            let rows = self.select(&rows, rule);
            self.bins
                .iter()
                .zip(&self.codes)
                .map(|(bins, codes)| {
                    let mut histogram = vec![RunCounts::default(); bins.count()];
                    for &row in &rows {
                        let counts = &mut histogram[codes[row as usize] as usize];
                        counts.runs += 1;
                        counts.failed += u64::from(self.is_failure[row as usize]);
                    }
                    histogram
                })
                .collect()
        });
        Ok(histograms.collect())
    }

    fn count(&mut self, scope: &Scope, rules: &[Vec<RuleCondition>]) -> Result<Vec<RunCounts>, Infallible> {
        let rows = self.rows(scope);
        Ok(rules.iter().map(|rule| self.count_rows(&self.select(&rows, rule))).collect())
    }

    fn values(&mut self, scope: &Scope, requests: &[ValueRequest]) -> Result<Vec<Vec<ValueCount>>, Infallible> {
        let rows = self.rows(scope);
        Ok(requests.iter().map(|request| self.count_values(&rows, request)).collect())
    }
}

impl LocalCounter<'_> {
    fn count_values(&self, rows: &[u32], request: &ValueRequest) -> Vec<ValueCount> {
        let Some(column) = self.table.parameter(&request.parameter) else { return Vec::new() };
        let in_range = |row: &u32| match column.cell(*row as usize) {
            Cell::Number(number) if (request.low..=request.high).contains(&number) => Some((number, *row)),
            _ => None,
        };
        let near: Vec<u32> = rows.iter().filter(|row| in_range(row).is_some()).copied().collect();
        let mut numbers: Vec<(f64, u32)> = self.select(&near, &request.rule).iter().filter_map(in_range).collect();
        numbers.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let equal = numbers.chunk_by(|a, b| a.0 == b.0);
        let value = |equal: &[(f64, u32)]| {
            let failed = equal.iter().filter(|(_, row)| self.is_failure[*row as usize]).count();
            let counts = RunCounts { failed: failed as u64, runs: equal.len() as u64 };
            ValueCount { first: equal[0].0, last: equal[0].0, counts }
        };
        equal.map(value).collect()
    }
}

fn profile(column: &ValueColumn, rows: &[u32], is_failure: &[bool]) -> ParameterProfile {
    let mut profile = ParameterProfile { name: column.name().to_owned(), ..ParameterProfile::default() };
    let mut numbers = [Vec::new(), Vec::new()];
    let mut bools = [false; 2];
    let mut texts: IndexSet<&str> = IndexSet::new();
    profile.are_integers = true;
    for &row in rows {
        match column.cell(row as usize) {
            Cell::Missing => profile.missing += 1,
            Cell::NotFinite(_) => profile.not_finite += 1,
            Cell::Number(number) => {
                profile.are_integers &= number.fract() == 0.0;
                numbers[usize::from(!is_failure[row as usize])].push(number);
            }
            Cell::Bool(value) => bools[usize::from(value)] = true,
            Cell::Text(text) if texts.len() <= MAX_LABELS => _ = texts.insert(text),
            Cell::Text(_) => {}
        }
    }
    profile.numbers = (numbers[0].len() + numbers[1].len()) as u64;
    profile.labels.extend(texts.into_iter().map(|text| Label::Text(text.to_owned())));
    profile.labels.extend([false, true].into_iter().filter(|value| bools[usize::from(*value)]).map(Label::Bool));
    profile.samples = numbers.each_ref().map(|numbers| sample(numbers));
    let mut all: Vec<f64> = numbers.concat();
    all.sort_unstable_by(f64::total_cmp);
    all.dedup();
    profile.distinct_numbers = all.len() as u64;
    profile
}

/// Returns at most [`MAX_SAMPLES`] of the numbers, at equal distances.
fn sample(numbers: &[f64]) -> Vec<f64> {
    if numbers.len() <= MAX_SAMPLES {
        return numbers.to_vec();
    }
    (0..MAX_SAMPLES).map(|index| numbers[index * numbers.len() / MAX_SAMPLES]).collect()
}

//! The corpus: all computations of some directories.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use corpus::{
    Cell, Corpus, CorpusError, ReadOptions, Region, RegionReport, RiskModel, RuleCondition, RunSummary, RunTable,
};
use pyo3::exceptions::{PyFileNotFoundError, PyKeyError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyList};
use tracing_failure::record::Map;

use crate::columns::columns;
use crate::from_python;
use crate::region_report::RegionAnswer;
use crate::to_python;

/// The tables of all computations.
#[pyclass(frozen, module = "tracing_failure._native")]
pub(crate) struct CorpusTables {
    tables: Vec<RunTable>,
    skipped: Vec<String>,
    notes: Vec<String>,
    /// The regions that were searched, by computation.
    reports: Mutex<HashMap<String, RegionReport>>,
}

#[pymethods]
impl CorpusTables {
    /// Reads all computations below the directories.
    #[new]
    fn new(py: Python<'_>, dirs: Vec<PathBuf>) -> PyResult<Self> {
        let mut interrupt = None;
        let read = py.detach(|| {
            let mut progress = |_| match Python::attach(|py| py.check_signals()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    interrupt = Some(error);
                    ControlFlow::Break(())
                }
            };
            Corpus::read(&dirs, &ReadOptions::default(), &mut progress)
        });
        if let Some(error) = interrupt {
            return Err(error);
        }
        let corpus = read.map_err(|error| read_error(&error))?;
        let mut skipped: Vec<String> = corpus.skipped().parts().iter().map(ToString::to_string).collect();
        let unlisted = (corpus.skipped().lines() + corpus.skipped().files()).saturating_sub(skipped.len() as u64);
        if unlisted > 0 {
            skipped.push(format!("{unlisted} more lines and files"));
        }
        let notes = corpus.notes().to_vec();
        Ok(CorpusTables { tables: corpus.into_tables(), skipped, notes, reports: Mutex::default() })
    }

    /// The names of the computations.
    #[getter]
    fn computations(&self) -> Vec<&str> {
        self.tables.iter().map(RunTable::computation).collect()
    }

    /// The files and lines that were not read.
    #[getter]
    fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// Limits of the tables.
    #[getter]
    fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The number, the outcomes and the durations of the runs of each computation.
    fn summaries<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let summaries: Vec<RunSummary> = self.tables.iter().map(RunSummary::of).collect();
        to_python::object(py, &summaries)
    }

    /// The columns of a computation.
    fn columns<'py>(&self, py: Python<'py>, computation: &str) -> PyResult<Bound<'py, PyList>> {
        columns(py, self.table(computation)?)
    }

    /// A corpus with the runs of some sessions.
    fn select_sessions(&self, py: Python<'_>, sessions: Vec<String>) -> Self {
        let tables = py.detach(|| {
            let tables = self.tables.iter().map(|table| {
                let ids = table.sessions().iter().map(|session| sessions.contains(&session.id));
                let is_selected: Vec<bool> = ids.collect();
                table.select(|run| is_selected.get(run.session as usize).copied().unwrap_or_default())
            });
            tables.filter(|table| !table.is_empty()).collect()
        });
        CorpusTables { tables, skipped: self.skipped.clone(), notes: self.notes.clone(), reports: Mutex::default() }
    }

    /// The regions in which a computation fails.
    fn regions<'py>(&self, py: Python<'py>, computation: &str) -> PyResult<RegionAnswer<'py>> {
        RegionAnswer::new(py, &self.report(py, computation)?)
    }

    /// For each run, whether it satisfies all conditions.
    fn contains<'py>(
        &self,
        py: Python<'py>,
        computation: &str,
        conditions: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        let table = self.table(computation)?;
        let json = from_python::json(conditions).unwrap_or_default();
        let conditions: Vec<RuleCondition> = serde_json::from_str(&json)
            .map_err(|error| PyValueError::new_err(format!("these are no conditions of a rule: {error}")))?;
        let region = Region { conditions, ..Region::default() };
        let contains =
            |row: usize| region.matches(|name| table.parameter(name).map_or(Cell::Missing, |column| column.cell(row)));
        let inside: Vec<u8> = (0..table.len()).map(|row| contains(row).into()).collect();
        Ok(PyByteArray::new(py, &inside))
    }

    /// The risk of a run with each of these sets of parameters.
    fn risks<'py>(
        &self,
        py: Python<'py>,
        computation: &str,
        parameters: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let queries: Vec<Map> = parameters.iter().map(from_python::map).collect();
        let (table, report) = (self.table(computation)?, self.report(py, computation)?);
        let estimates = py.detach(|| {
            let mut model = RiskModel::with_regions(table, report);
            queries.iter().map(|query| model.estimate(query)).collect::<Vec<_>>()
        });
        to_python::object(py, &estimates)
    }

    /// The success that is nearest to a run with these parameters. `failure_id` is the id of its record: the parameters
    /// of its closing line replace these, because successes have a closing line as well.
    #[pyo3(signature = (computation, parameters, failure_id=None))]
    fn nearest<'py>(
        &self,
        py: Python<'py>,
        computation: &str,
        parameters: &Bound<'py, PyAny>,
        failure_id: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (table, report) = (self.table(computation)?, self.report(py, computation)?);
        let query = failure_id.and_then(|id| parameters_of(table, id)).unwrap_or_else(|| from_python::map(parameters));
        let comparison = py.detach(|| RiskModel::with_regions(table, report).nearest(&query));
        to_python::object(py, &comparison)
    }
}

impl CorpusTables {
    fn table(&self, computation: &str) -> PyResult<&RunTable> {
        let position = self.tables.binary_search_by(|table| table.computation().cmp(computation));
        position.map(|position| &self.tables[position]).map_err(|_| PyKeyError::new_err(computation.to_owned()))
    }

    /// The regions of a computation. The search runs once.
    fn report(&self, py: Python<'_>, computation: &str) -> PyResult<RegionReport> {
        let table = self.table(computation)?;
        let known = self.reports.lock().unwrap_or_else(PoisonError::into_inner).get(computation).cloned();
        if let Some(report) = known {
            return Ok(report);
        }
        let report = py.detach(|| corpus::find_regions(table));
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(reports.entry(computation.to_owned()).or_insert(report).clone())
    }
}

/// The parameters in the closing line of a failure.
fn parameters_of(table: &RunTable, failure_id: &str) -> Option<Map> {
    let id = failure_id.parse().ok();
    let is_this = |index: u32| table.failures().get(index as usize).is_some_and(|known| id.is_some() && known.id == id);
    let row = table.runs().iter().position(|run| run.failure.is_some_and(is_this))?;
    Some(table.parameters_of(row))
}

fn read_error(error: &CorpusError) -> PyErr {
    let text = error.to_string();
    match error {
        CorpusError::NotFound(_) => PyFileNotFoundError::new_err(text),
        CorpusError::Unreadable { .. } => PyOSError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

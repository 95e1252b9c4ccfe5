//! The search for regions in runs that Python code counts.

use corpus::search::{
    ColumnBins, ParameterProfile, RunCounter, RunTotals, Scope, SessionSet, ValueCount, ValueRequest, find_regions_with,
};
use corpus::{Label, RuleCondition, RunCounts};
use pyo3::prelude::*;

use crate::region_report::RegionAnswer;
use crate::to_python;

/// Finds regions in the runs that an object counts.
#[pyfunction]
pub(crate) fn find_regions<'py>(counter: Bound<'py, PyAny>) -> PyResult<RegionAnswer<'py>> {
    let py = counter.py();
    let report = find_regions_with(&mut PythonCounter { counter })?;
    RegionAnswer::new(py, &report)
}

/// An object that counts runs. Each method of the trait calls its method of the same name.
struct PythonCounter<'py> {
    counter: Bound<'py, PyAny>,
}

#[derive(FromPyObject)]
struct PythonProfile {
    #[pyo3(item)]
    name: String,
    #[pyo3(item)]
    missing: u64,
    #[pyo3(item)]
    not_finite: u64,
    #[pyo3(item)]
    numbers: u64,
    #[pyo3(item)]
    distinct_numbers: u64,
    #[pyo3(item)]
    are_integers: bool,
    #[pyo3(item)]
    samples: (Vec<f64>, Vec<f64>),
    #[pyo3(item)]
    labels: Vec<PythonLabel>,
}

#[derive(FromPyObject)]
enum PythonLabel {
    Bool(bool),
    Text(String),
}

/// Failed runs, and all runs.
type Counts = (u64, u64);

fn counts((failed, runs): Counts) -> RunCounts {
    RunCounts { failed, runs }
}

impl<'py> PythonCounter<'py> {
    fn rules(&self, rules: &[Vec<RuleCondition>]) -> PyResult<Bound<'py, PyAny>> {
        to_python::object(self.counter.py(), rules)
    }

    /// The names of the set of sessions, and the rules whose runs are not counted.
    fn scope(&self, scope: &Scope) -> PyResult<(&'static str, Bound<'py, PyAny>)> {
        let sessions = match scope.sessions {
            SessionSet::All => "all",
            SessionSet::Training => "training",
            SessionSet::HeldOut => "held out",
        };
        Ok((sessions, self.rules(&scope.excluded)?))
    }
}

impl RunCounter for PythonCounter<'_> {
    type Error = PyErr;

    fn profiles(&mut self) -> PyResult<Vec<ParameterProfile>> {
        let profiles: Vec<PythonProfile> = self.counter.call_method0("profiles")?.extract()?;
        let profile = |profile: PythonProfile| ParameterProfile {
            name: profile.name,
            missing: profile.missing,
            not_finite: profile.not_finite,
            numbers: profile.numbers,
            distinct_numbers: profile.distinct_numbers,
            are_integers: profile.are_integers,
            samples: profile.samples.into(),
            labels: profile.labels.into_iter().map(label).collect(),
        };
        Ok(profiles.into_iter().map(profile).collect())
    }

    fn totals(&mut self) -> PyResult<RunTotals> {
        let totals = self.counter.call_method0("totals")?;
        let (computation, sessions, unknown): (String, Vec<(String, Counts)>, u64) = totals.extract()?;
        let sessions = sessions.into_iter().map(|(session, of_session)| (session, counts(of_session))).collect();
        Ok(RunTotals { computation, sessions, unknown })
    }

    fn hold_out(&mut self, sessions: Vec<String>) -> PyResult<()> {
        self.counter.call_method1("hold_out", (sessions,)).map(drop)
    }

    fn set_bins(&mut self, bins: Vec<ColumnBins>) -> PyResult<()> {
        let py = self.counter.py();
        let described = |bins: &ColumnBins| {
            Ok((bins.parameter().to_owned(), bins.cuts().to_vec(), to_python::object(py, bins.labels())?))
        };
        let bins: Vec<_> = bins.iter().map(described).collect::<PyResult<_>>()?;
        self.counter.call_method1("set_bins", (bins,)).map(drop)
    }

    fn histograms(&mut self, scope: &Scope, rules: &[Vec<RuleCondition>]) -> PyResult<Vec<Vec<Vec<RunCounts>>>> {
        let (sessions, excluded) = self.scope(scope)?;
        let histograms = self.counter.call_method1("histograms", (sessions, excluded, self.rules(rules)?))?;
        let histograms: Vec<Vec<Vec<Counts>>> = histograms.extract()?;
        let convert = |histogram: Vec<Counts>| histogram.into_iter().map(counts).collect();
        Ok(histograms.into_iter().map(|columns| columns.into_iter().map(convert).collect()).collect())
    }

    fn count(&mut self, scope: &Scope, rules: &[Vec<RuleCondition>]) -> PyResult<Vec<RunCounts>> {
        let (sessions, excluded) = self.scope(scope)?;
        let counted = self.counter.call_method1("count", (sessions, excluded, self.rules(rules)?))?;
        Ok(counted.extract::<Vec<Counts>>()?.into_iter().map(counts).collect())
    }

    fn values(&mut self, scope: &Scope, requests: &[ValueRequest]) -> PyResult<Vec<Vec<ValueCount>>> {
        let (sessions, excluded) = self.scope(scope)?;
        let request = |request: &ValueRequest| {
            Ok((
                to_python::object(self.counter.py(), &request.rule)?,
                request.parameter.clone(),
                request.low,
                request.high,
            ))
        };
        let requests: Vec<_> = requests.iter().map(request).collect::<PyResult<_>>()?;
        let values = self.counter.call_method1("values", (sessions, excluded, requests))?;
        let values: Vec<Vec<(f64, f64, Counts)>> = values.extract()?;
        let value = |(first, last, at): (f64, f64, Counts)| ValueCount { first, last, counts: counts(at) };
        Ok(values.into_iter().map(|values| values.into_iter().map(value).collect()).collect())
    }
}

fn label(label: PythonLabel) -> Label {
    match label {
        PythonLabel::Bool(value) => Label::Bool(value),
        PythonLabel::Text(text) => Label::Text(text),
    }
}

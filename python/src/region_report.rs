//! Regions as Python objects.

use corpus::RegionReport;
use pyo3::prelude::*;

use crate::to_python;

/// The report as a dict, and the text and the sentence of each rule.
#[derive(IntoPyObject)]
pub(crate) struct RegionAnswer<'py>(Bound<'py, PyAny>, Vec<(String, String)>);

impl<'py> RegionAnswer<'py> {
    pub(crate) fn new(py: Python<'py>, report: &RegionReport) -> PyResult<Self> {
        let rules = report.rules.iter().map(|rule| (rule.to_string(), rule.sentence())).collect();
        Ok(RegionAnswer(to_python::object(py, report)?, rules))
    }
}

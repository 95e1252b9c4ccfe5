//! Columns of a table as buffers, for the libraries of Python.

use std::collections::HashMap;

use corpus::{Cell, FailedRun, RunFacts, RunTable, Session, ValueColumn};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyDict, PyList};

/// The code of a value that is not a text or a boolean.
const NO_LABEL: i32 = -1;

/// All columns of a table: facts, parameters, then convergence digests.
pub(crate) fn columns<'py>(py: Python<'py>, table: &RunTable) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for column in facts(table) {
        list.append(buffers(py, "fact", &column, table.len())?)?;
    }
    for column in table.parameters() {
        list.append(buffers(py, "parameter", column, table.len())?)?;
    }
    for column in table.digests() {
        list.append(buffers(py, "digest", column, table.len())?)?;
    }
    Ok(list)
}

/// The facts about runs that are not parameters. `ended` has microseconds since 1970, which a float represents exactly.
fn facts(table: &RunTable) -> Vec<ValueColumn> {
    let column = |name: &str, cell: &dyn Fn(&RunFacts) -> Cell<'_>| {
        let mut column = ValueColumn::new(name);
        table.runs().iter().for_each(|run| column.push(cell(run)));
        column
    };
    let of_session = |name: &str, text: fn(&Session) -> Option<&str>| {
        let mut column = ValueColumn::new(name);
        for run in table.runs() {
            let session = table.sessions().get(run.session as usize);
            column.push(session.and_then(text).map_or(Cell::Missing, Cell::Text));
        }
        column
    };
    let of_failure = |name: &str, text: fn(&FailedRun) -> Option<&str>| {
        let mut column = ValueColumn::new(name);
        for run in table.runs() {
            let failure = run.failure.and_then(|failure| table.failures().get(failure as usize));
            column.push(failure.and_then(text).map_or(Cell::Missing, Cell::Text));
        }
        column
    };
    let known = |seconds: f64| if seconds.is_nan() { Cell::Missing } else { Cell::from(seconds) };
    let ids: Vec<Option<String>> = table.failures().iter().map(|failure| failure.id.map(|id| id.to_string())).collect();
    let mut failure_ids = ValueColumn::new("failure_id");
    for run in table.runs() {
        let id = run.failure.and_then(|failure| ids.get(failure as usize)?.as_deref());
        failure_ids.push(id.map_or(Cell::Missing, Cell::Text));
    }
    vec![
        column("outcome", &|run| Cell::Text(run.outcome.name())),
        column("ended", &|run| run.ended.map_or(Cell::Missing, |time| Cell::from(time.timestamp_micros() as f64))),
        column("duration_s", &|run| known(run.duration_s)),
        of_session("session", |session| Some(&session.id)),
        of_session("host", |session| session.host.as_deref()),
        column("rank", &|run| {
            let rank = table.sessions().get(run.session as usize).and_then(|session| session.rank);
            rank.map_or(Cell::Missing, |rank| Cell::from(rank as f64))
        }),
        of_session("job_id", |session| session.job_id.as_deref()),
        of_session("commit", |session| session.git_commit.as_deref()),
        of_failure("category", |failure| failure.category.as_deref()),
        of_failure("fingerprint", |failure| failure.fingerprint.as_deref()),
        of_failure("error_type", |failure| failure.error_type.as_deref()),
        failure_ids,
    ]
}

/// A dict with a column. Its buffers are absent if no value needs them.
fn buffers<'py>(py: Python<'py>, role: &str, column: &ValueColumn, rows: usize) -> PyResult<Bound<'py, PyDict>> {
    let cells = || column.cells().chain((column.len()..rows).map(|_| Cell::Missing));
    let (mut numbers, mut labels, mut missing, mut not_a_number) = (0_usize, 0_usize, 0_usize, false);
    for cell in cells() {
        match cell {
            Cell::Missing => missing += 1,
            Cell::Number(_) => numbers += 1,
            Cell::NotFinite(number) => {
                numbers += 1;
                not_a_number |= number.is_nan();
            }
            Cell::Text(_) | Cell::Bool(_) => labels += 1,
        }
    }
    let dict = PyDict::new(py);
    dict.set_item("name", column.name())?;
    dict.set_item("role", role)?;
    dict.set_item("has_nan", not_a_number)?;
    let has_numbers = numbers > 0 || labels == 0;
    let number = |cell: Cell<'_>| match cell {
        Cell::Number(number) | Cell::NotFinite(number) => number,
        _ => f64::NAN,
    };
    let array = has_numbers.then(|| array(py, rows, cells().map(|cell| number(cell).to_ne_bytes()))).transpose()?;
    dict.set_item("numbers", array)?;
    let is_missing = |cell: Cell<'_>| [u8::from(cell == Cell::Missing)];
    let mask = (missing > 0).then(|| self::array(py, rows, cells().map(is_missing))).transpose()?;
    dict.set_item("missing", mask)?;
    if labels == 0 {
        dict.set_item("codes", py.None())?;
        dict.set_item("labels", PyList::empty(py))?;
        return Ok(dict);
    }
    let names = PyList::new(py, [false, true])?;
    let mut positions: HashMap<&str, i32> = HashMap::new();
    for text in column.texts() {
        positions.insert(text, names.len() as i32);
        names.append(text)?;
    }
    let code = |cell: Cell<'_>| match cell {
        Cell::Bool(value) => i32::from(value),
        Cell::Text(text) => positions.get(text).copied().unwrap_or(NO_LABEL),
        _ => NO_LABEL,
    };
    dict.set_item("codes", self::array(py, rows, cells().map(|cell| code(cell).to_ne_bytes()))?)?;
    dict.set_item("labels", names)?;
    Ok(dict)
}

/// The bytes of an array, which Python code can write.
fn array<'py, const N: usize>(
    py: Python<'py>,
    rows: usize,
    entries: impl Iterator<Item = [u8; N]>,
) -> PyResult<Bound<'py, PyByteArray>> {
    PyByteArray::new_with(py, rows * N, |bytes| {
        for (to, entry) in bytes.chunks_exact_mut(N).zip(entries) {
            to.copy_from_slice(&entry);
        }
        Ok(())
    })
}

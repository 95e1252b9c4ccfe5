//! Random shapes: the record shows an array of any crate as it shows the same numbers in lists.

use faer::{ColMut, ColRef, Mat, MatMut, MatRef};
use nalgebra::{DMatrix, DVector};
use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut2, ShapeBuilder};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tracing_failure::record::Map;
use tracing_failure::{Value, computation, init};

use crate::support::in_child;

const CASES: usize = 40;

/// A matrix by its rows.
#[derive(Clone, Debug)]
struct Case {
    rows: usize,
    columns: usize,
    entries: Vec<f64>,
}

impl Case {
    fn entry(&self, row: usize, column: usize) -> f64 {
        self.entries[row * self.columns + column]
    }

    fn lists(&self) -> Vec<Vec<f64>> {
        (0..self.rows).map(|row| (0..self.columns).map(|column| self.entry(row, column)).collect()).collect()
    }
}

/// The same matrices in each process.
fn cases() -> Vec<Case> {
    let number = prop_oneof![9 => -1e6..1e6, 1 => prop::sample::select(vec![f64::NAN, f64::INFINITY])];
    let length = || prop_oneof![0..5_usize, 5..40_usize];
    let case = (length(), length(), prop::collection::vec(number, 40 * 40)).prop_map(|(rows, columns, mut entries)| {
        entries.truncate(rows * columns);
        Case { rows, columns, entries }
    });
    let mut runner = TestRunner::deterministic();
    (0..CASES).map(|_| case.new_tree(&mut runner).unwrap().current()).collect()
}

#[computation("Eq. 1")]
#[allow(clippy::too_many_arguments)]
fn references(
    nalgebra: &DMatrix<f64>,
    nalgebra_vector: &DVector<f64>,
    ndarray: &Array2<f64>,
    ndarray_columns: &Array2<f64>,
    ndarray_view: ArrayView2<f64>,
    faer: &Mat<f64>,
    faer_view: MatRef<f64>,
    faer_column: ColRef<f64>,
    some: Option<&Mat<f64>>,
) -> Result<(), String> {
    let _ = (nalgebra, nalgebra_vector, ndarray, ndarray_columns, ndarray_view, faer, faer_view, faer_column, some);
    Err("failed".to_owned())
}

#[test]
fn references_and_views_are_captured_as_lists_of_the_same_numbers() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        for case in cases() {
            let shape = (case.rows, case.columns);
            let nalgebra = DMatrix::from_row_slice(case.rows, case.columns, &case.entries);
            let vector = DVector::from_column_slice(&case.entries);
            let ndarray = Array2::from_shape_vec(shape, case.entries.clone()).unwrap();
            let columns = Array2::from_shape_vec(shape.f(), nalgebra.as_slice().to_vec()).unwrap();
            let transposed = ndarray.t().to_owned();
            let faer = Mat::from_fn(case.rows, case.columns, |row, column| case.entry(row, column));
            let faer_transposed = faer.transpose().to_owned();
            let column = ColRef::from_slice(&case.entries);
            let (view, faer_view) = (transposed.t(), faer_transposed.transpose());
            references(&nalgebra, &vector, &ndarray, &columns, view, &faer, faer_view, column, Some(&faer))
                .unwrap_err();
        }
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), CASES);
    for (case, failure) in cases().iter().zip(failures) {
        let (matrix, vector) = (Value::from_serialize(&case.lists()), Value::from_serialize(&case.entries));
        let (matrix, vector) = (matrix.unwrap().to_string(), vector.unwrap().to_string());
        assert_eq!(failure.parameters.len(), 9);
        for (name, value) in &failure.parameters {
            let is_vector = ["nalgebra_vector", "faer_column"].contains(&name);
            assert_eq!(value.to_string(), *if is_vector { &vector } else { &matrix }, "{name} of {case:?}");
        }
    }
}

#[computation("Eq. 1")]
#[allow(clippy::too_many_arguments)]
fn owned(
    numbers: Vec<f64>,
    nalgebra: DMatrix<f64>,
    nalgebra_mut: &mut DMatrix<f64>,
    nalgebra_vector: DVector<f64>,
    ndarray: Array2<f64>,
    ndarray_mut: ArrayViewMut2<f64>,
    faer: Mat<f64>,
    faer_mut: MatMut<f64>,
    faer_column: ColMut<f64>,
    some: Option<Array2<f64>>,
) -> Result<(), String> {
    nalgebra_mut.fill(7.0);
    let _ = (numbers, nalgebra, nalgebra_vector, ndarray, ndarray_mut, faer, faer_mut, faer_column, some);
    Err("failed".to_owned())
}

/// The summary of a vector, with another shape.
fn reshaped(case: &Case, summary: &Value) -> Value {
    match summary {
        Value::Map(entries) => Value::Map(Map::from_iter(entries.iter().map(|(name, value)| {
            let shape = || Value::from(vec![case.rows, case.columns]);
            (name.to_owned(), if name == "shape" { shape() } else { value.clone() })
        }))),
        _ => Value::array(&[case.rows, case.columns], &case.entries),
    }
}

#[test]
fn owned_and_mutable_arrays_are_summarised_like_vectors() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        for case in cases() {
            let nalgebra = DMatrix::from_row_slice(case.rows, case.columns, &case.entries);
            let vector = DVector::from_column_slice(&case.entries);
            let ndarray = Array2::from_shape_vec((case.rows, case.columns), case.entries.clone()).unwrap();
            let mut transposed = ndarray.t().to_owned();
            let faer = Mat::from_fn(case.rows, case.columns, |row, column| case.entry(row, column));
            let mut faer_transposed = faer.transpose().to_owned();
            let mut column = case.entries.clone();
            let (view, faer_view) = (transposed.view_mut().reversed_axes(), faer_transposed.as_mut().transpose_mut());
            let column = ColMut::from_slice_mut(&mut column);
            let mut changed = nalgebra.clone();
            let numbers = case.entries.clone();
            let some = Some(ndarray.clone());
            owned(numbers, nalgebra, &mut changed, vector, ndarray, view, faer, faer_view, column, some).unwrap_err();
        }
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), CASES);
    for (case, failure) in cases().iter().zip(failures) {
        let vector = failure.parameters.get("numbers").unwrap().clone();
        let matrix = reshaped(case, &vector).to_string();
        assert_eq!(failure.parameters.len(), 10);
        for (name, value) in &failure.parameters {
            let is_vector = ["numbers", "nalgebra_vector", "faer_column"].contains(&name);
            assert_eq!(value.to_string(), if is_vector { vector.to_string() } else { matrix.clone() }, "{name}");
        }
    }
}

/// Three dimensions, of which the first is the longest.
#[computation("Eq. 1")]
fn dimensions(complete: &Array3<f64>, summary: Array3<f64>) -> Result<(), String> {
    let _ = (complete, summary);
    Err("failed".to_owned())
}

#[test]
fn arrays_of_three_dimensions_keep_their_shape() {
    let entries: Vec<f64> = (0..600).map(f64::from).collect();
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let array = Array3::from_shape_vec((20, 5, 6), entries.clone()).unwrap();
        dimensions(&array, array.clone()).unwrap_err();
    });
    let failure = run.ok().failure();
    let value = |name| failure.parameters.get(name).unwrap().to_string();
    assert_eq!(value("complete"), Value::array(&[20, 5, 6], &entries).to_string());
    assert_eq!(
        value("summary"),
        concat!(
            r#"{"summary":"array","length":600,"shape":[20,5,6],"head":[0.0,1.0,2.0,3.0,4.0,5.0,6.0,7.0],"#,
            r#""tail":[592.0,593.0,594.0,595.0,596.0,597.0,598.0,599.0]}"#
        )
    );
}

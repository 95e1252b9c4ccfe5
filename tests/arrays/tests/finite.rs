//! Checks of arrays for numbers that are not finite.

use faer::{Col, ColRef, Mat, MatRef, Row};
use nalgebra::{DMatrix, DVector, Matrix2, RowDVector};
use ndarray::{Array1, Array2, Array3, s};
use num_complex::Complex;
use proptest::prelude::*;
use tracing_failure::check::Finite;
use tracing_failure::{Check, computation, ensure_finite, init};

use crate::support::in_child;

/// The index of the first number that is not finite.
fn first(value: &impl Finite) -> Option<Vec<usize>> {
    let element = value.first_non_finite();
    assert_eq!(value.all_finite(), element.is_none());
    element.map(|element| element.index().to_vec())
}

fn message(result: Result<(), Check>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn the_error_names_the_element_and_its_place() {
    let matrix = Matrix2::new(1.0, 2.0, f64::NAN, 4.0);
    assert_eq!(message(ensure_finite!(matrix)), "matrix[1][0] is NaN");
    let vector = DVector::from_vec(vec![0.0, f64::INFINITY]);
    assert_eq!(message(ensure_finite!(vector)), "vector[1] is Infinity");
    let grid = Array3::from_shape_fn((2, 3, 4), |at| if at == (1, 2, 3) { f32::NAN } else { 0.0 });
    assert_eq!(message(ensure_finite!(grid)), "grid[1][2][3] is NaN");
    let jacobian = Mat::from_fn(3, 2, |row, column| if (row, column) == (2, 1) { f64::NAN } else { 0.0 });
    assert_eq!(message(ensure_finite!(jacobian)), "jacobian[2][1] is NaN");
    let spectrum = Array1::from_vec(vec![Complex::new(0.0, 1.0), Complex::new(1.0, f64::NAN)]);
    assert_eq!(message(ensure_finite!(spectrum)), "spectrum[1].im is NaN");
}

#[test]
fn vectors_have_one_index_and_matrices_two() {
    let numbers = [0.0, 1.0, f64::NAN];
    assert_eq!(first(&DVector::from_column_slice(&numbers)), Some(vec![2]));
    assert_eq!(first(&RowDVector::from_row_slice(&numbers)), Some(vec![0, 2]));
    assert_eq!(first(&DMatrix::from_column_slice(3, 1, &numbers)), Some(vec![2, 0]));
    assert_eq!(first(&Col::from_fn(3, |row| numbers[row])), Some(vec![2]));
    assert_eq!(first(&Row::from_fn(3, |column| numbers[column])), Some(vec![2]));
    assert_eq!(first(&ColRef::from_slice(&numbers).as_mat()), Some(vec![2, 0]));
    assert_eq!(first(&ndarray::arr0(f64::NAN)), Some(vec![]));
    assert_eq!(first(&Mat::<f64>::zeros(3, 0)), None);
}

proptest! {
    /// Rows, columns and parts of a matrix are searched in different ways.
    #[test]
    fn the_first_element_by_rows_is_found_in_any_layout(
        (rows, columns) in (1..40_usize, 1..40_usize),
        bad in prop::collection::vec((0..40_usize, 0..40_usize), 0..3),
    ) {
        let entry = |row, column| if bad.contains(&(row, column)) { f64::NAN } else { 1.0 };
        let first_in = |rows: usize, columns: usize| {
            let mut places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
            places.find(|&(row, column)| !entry(row, column).is_finite()).map(|(row, column)| vec![row, column])
        };
        let expected = first_in(rows, columns);
        let nalgebra = DMatrix::from_fn(rows, columns, entry);
        prop_assert_eq!(first(&nalgebra), expected.clone());
        let ndarray = Array2::from_shape_fn((rows, columns), |(row, column)| entry(row, column));
        prop_assert_eq!(first(&ndarray), expected.clone());
        prop_assert_eq!(first(&ndarray.t().to_owned().t()), expected.clone());
        let faer = Mat::from_fn(rows, columns, entry);
        prop_assert_eq!(first(&faer), expected.clone());
        prop_assert_eq!(first(&Mat::from_fn(columns, rows, |column, row| entry(row, column)).transpose()), expected);

        let expected = first_in(rows / 2, columns / 2);
        prop_assert_eq!(first(&nalgebra.view((0, 0), (rows / 2, columns / 2))), expected.clone());
        prop_assert_eq!(first(&ndarray.slice(s![..rows / 2, ..columns / 2])), expected.clone());
        prop_assert_eq!(first(&faer.as_ref().submatrix(0, 0, rows / 2, columns / 2)), expected);

        let strided = |row, column| entry(2 * row, 2 * column);
        let expected = first(&DMatrix::from_fn(rows.div_ceil(2), columns.div_ceil(2), strided));
        prop_assert_eq!(first(&ndarray.slice(s![..;2, ..;2])), expected.clone());
        let entries: Vec<f64> = (0..rows).flat_map(|row| (0..columns).map(move |column| entry(row, column))).collect();
        let half = (rows.div_ceil(2), columns.div_ceil(2));
        let faer = (rows % 2 == 0 && columns % 2 == 0)
            .then(|| MatRef::from_row_major_slice_with_stride(&entries, rows / 2, columns, 2 * columns));
        if let Some(faer) = faer {
            prop_assert_eq!(first(&faer), first(&DMatrix::from_fn(half.0, columns, |row, column| entry(2 * row, column))));
        }
    }
}

#[computation("Eq. 1", finite)]
fn propagate(state: &DMatrix<f64>) -> Result<DMatrix<f64>, String> {
    Ok(state * f64::MAX)
}

#[test]
fn a_returned_matrix_that_is_not_finite_is_a_failure() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        propagate(&DMatrix::from_row_slice(1, 2, &[1.0, 2.0])).unwrap();
    });
    let failure = run.ok().failure();
    assert_eq!(failure.error_message, "result[0][1] is Infinity");
    assert_eq!(failure.parameters.to_string(), r#"{"state":[[1.0,2.0]]}"#);
}

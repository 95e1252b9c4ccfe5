//! What the record shows of arguments, and what a healthy call costs.

use faer::{Mat, MatMut, RowRef};
use nalgebra::{DMatrix, DMatrixView, DVector, Matrix3, RowDVector, SMatrix, Vector3};
use ndarray::{Array0, Array1, Array2, ArrayD, ArrayRef2, ArrayView1, arr0, s};
use num_complex::Complex;
use tracing::Dispatch;
use tracing_failure::{Failure, computation, init};
use tracing_subscriber::layer::SubscriberExt;

use crate::support::in_child;

/// Runs the body, which fails in one computation.
fn failure(body: impl FnOnce()) -> Failure {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        body();
    });
    run.ok().failure()
}

#[computation("Eq. 1")]
#[allow(clippy::too_many_arguments)]
fn of_nalgebra(
    rotation: Matrix3<f64>,
    large: SMatrix<i32, 20, 20>,
    block: DMatrixView<f64>,
    row: &RowDVector<f32>,
    points: &[Vector3<f64>],
    pair: (&DVector<f64>, f64),
    path: Vec<DVector<f64>>,
    empty: &DMatrix<f64>,
) -> Result<(), String> {
    let _ = (rotation, large, block, row, points, pair, path, empty);
    Err("failed".to_owned())
}

#[test]
fn matrices_of_nalgebra_are_rows() {
    let failure = failure(|| {
        let matrix = DMatrix::from_fn(4, 4, |row, column| (10 * row + column) as f64);
        let (points, vector) = ([Vector3::new(0.0, 0.5, 1.0); 2], DVector::from_vec(vec![1.0, f64::NAN]));
        let _ = of_nalgebra(
            Matrix3::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0),
            SMatrix::from_element(2),
            matrix.view((1, 2), (2, 2)),
            &RowDVector::from_vec(vec![0.5, 1.5]),
            &points,
            (&vector, 2.5),
            vec![vector.clone()],
            &DMatrix::zeros(1_000_000_000, 0),
        );
    });
    assert_eq!(
        failure.parameters.to_string(),
        concat!(
            r#"{"rotation":[[1.0,2.0,3.0],[4.0,5.0,6.0],[7.0,8.0,9.0]],"large":{"summary":"array","length":400,"#,
            r#""shape":[20,20],"head":[2,2,2,2,2,2,2,2],"tail":[2,2,2,2,2,2,2,2],"min":2.0,"max":2.0,"mean":2.0,"#,
            r#""non_finite":0},"block":[[12.0,13.0],[22.0,23.0]],"row":[[0.5,1.5]],"#,
            r#""points":[[0.0,0.5,1.0],[0.0,0.5,1.0]],"pair":[[1.0,"NaN"],2.5],"#,
            r#""path":{"summary":"collection","length":1},"#,
            r#""empty":{"summary":"array","length":0,"shape":[1000000000,0]}}"#
        )
    );
}

#[computation("Eq. 1")]
fn of_ndarray(
    scalar: &Array0<f64>,
    strided: ArrayView1<f64>,
    reference: &ArrayRef2<u8>,
    spectrum: Array1<Complex<f64>>,
    dynamic: &ArrayD<f64>,
    high: &ArrayD<f64>,
    empty: Array2<f64>,
) -> Result<(), String> {
    let _ = (scalar, strided, reference, spectrum, dynamic, high, empty);
    Err("failed".to_owned())
}

#[test]
fn arrays_of_ndarray_have_any_dimension() {
    let failure = failure(|| {
        let numbers = Array1::from_iter((0..6).map(f64::from));
        let _ = of_ndarray(
            &arr0(2.5),
            numbers.slice(s![..;-2]),
            &Array2::from_elem((2, 2), 3),
            Array1::from_elem(2, Complex::new(1.0, f64::INFINITY)),
            &numbers.clone().into_shape_with_order(vec![1, 3, 2]).unwrap(),
            &numbers.clone().into_shape_with_order(vec![1, 3, 1, 1, 2, 1, 1]).unwrap(),
            Array2::zeros((1_000_000_000, 0)),
        );
    });
    assert_eq!(
        failure.parameters.to_string(),
        concat!(
            r#"{"scalar":2.5,"strided":[5.0,3.0,1.0],"reference":[[3,3],[3,3]],"#,
            r#""spectrum":[{"re":1.0,"im":"Infinity"},{"re":1.0,"im":"Infinity"}],"#,
            r#""dynamic":[[[0.0,1.0],[2.0,3.0],[4.0,5.0]]],"high":[0.0,1.0,2.0,3.0,4.0,5.0],"#,
            r#""empty":{"summary":"array","length":0,"shape":[1000000000,0]}}"#
        )
    );
}

#[computation("Eq. 1")]
fn of_faer(matrix: &Mat<f32>, block: MatMut<f64>, row: RowRef<f64>, complex: &Mat<faer::c64>) -> Result<(), String> {
    let _ = (matrix, block, row, complex);
    Err("failed".to_owned())
}

#[test]
fn matrices_of_faer_are_rows() {
    let failure = failure(|| {
        let mut matrix = Mat::from_fn(4, 4, |row, column| (10 * row + column) as f64);
        let other = matrix.clone();
        let _ = of_faer(
            &Mat::from_fn(2, 3, |row, column| (row + column) as f32),
            matrix.as_mut().submatrix_mut(1, 2, 2, 2),
            other.row(3),
            &Mat::from_fn(1, 1, |_, _| faer::c64::new(0.5, -0.5)),
        );
    });
    assert_eq!(
        failure.parameters.to_string(),
        concat!(
            r#"{"matrix":[[0.0,1.0,2.0],[1.0,2.0,3.0]],"block":[[12.0,13.0],[22.0,23.0]],"#,
            r#""row":[30.0,31.0,32.0,33.0],"complex":[[{"re":0.5,"im":-0.5}]]}"#
        )
    );
}

/// A program that aborts on panics has no time to run code of the program, but reads arrays.
#[computation("Eq. 1")]
fn aborts(matrix: &DMatrix<f64>, array: Array1<f64>) {
    struct Abort;
    impl Drop for Abort {
        fn drop(&mut self) {
            std::process::abort();
        }
    }
    let _abort = Abort;
    assert!(matrix[(0, 0)] > array[0], "not started");
}

#[test]
fn a_panic_that_aborts_has_the_arrays() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        aborts(&DMatrix::from_element(1, 2, 0.5), Array1::from_elem(2, 1.5));
    });
    assert!(!run.status.success());
    assert_eq!(run.failure().parameters.to_string(), r#"{"matrix":[[0.5,0.5]],"array":[1.5,1.5]}"#);
}

#[computation("Eq. 1", finite)]
fn healthy(matrix: &DMatrix<f64>, array: &mut Array2<f64>, faer: MatMut<f64>) -> Result<f64, String> {
    Ok(matrix[(0, 0)] + array[(0, 0)] + faer[(0, 0)])
}

#[computation("Eq. 1", finite)]
fn healthy_without_arrays(x: f64) -> Result<f64, String> {
    Ok(x)
}

#[test]
fn healthy_calls_with_arrays_allocate_nothing_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let (layer, _guard) = tracing_failure::builder(dir.path()).without_log().layer().unwrap();
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
    let (matrix, mut array) = (DMatrix::from_element(30, 30, 0.5), Array2::from_elem((30, 30), 1.0));
    let mut faer = Mat::from_fn(30, 30, |_, _| 2.0);
    tracing::dispatcher::with_default(&dispatch, || {
        let mut with = || assert_eq!(healthy(&matrix, &mut array, faer.as_mut()), Ok(3.5));
        let without = || assert_eq!(healthy_without_arrays(3.5), Ok(3.5));
        // The registry and the layer reuse memory after some calls.
        (0..100).for_each(|_| (with(), without()).0);
        let with = allocation_counter::measure(|| (0..100).for_each(|_| with())).count_total;
        let without = allocation_counter::measure(|| (0..100).for_each(|_| without())).count_total;
        assert_eq!((with, without), (0, 0));
    });
}

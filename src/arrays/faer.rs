//! Matrices, columns and rows of `faer`: owned ones and views.

use faer::mat::AsMatRef;
use faer::{Col, ColMut, ColRef, Mat, MatMut, MatRef, Row, RowMut, RowRef, Shape, Stride};

use crate::arrays::number_array::{NumberArray, capture_array};
use crate::attribute::array_shape::ArrayShape;
use crate::attribute::plain_data::Scalar;
use crate::check::{Finite, NonFiniteElement};

/// Returns the matrix without the types of its size.
fn matrix_of<M: AsMatRef>(array: &M) -> MatRef<'_, M::T> {
    array.as_mat_ref().as_dyn()
}

fn entry<T>(matrix: MatRef<'_, T>, row: usize, column: usize) -> Option<&T> {
    (row < matrix.nrows() && column < matrix.ncols()).then(|| matrix.get(row, column))
}

fn is_finite<T: Finite>(matrix: MatRef<'_, T>) -> bool {
    let matrix = if matrix.row_stride() == 1 { matrix } else { matrix.transpose() };
    (0..matrix.ncols()).all(|column| {
        let column = matrix.col(column);
        match column.try_as_col_major() {
            Some(entries) => T::all_finite_in(entries.as_slice()),
            None => column.iter().all(T::all_finite),
        }
    })
}

macro_rules! arrays {
    ($([$($generics:tt)*] $array:ty, |$size:ident| $shape:expr, |$element:ident, $row:ident, $column:ident| $at:expr;)*) => {$(
        impl<T: Scalar, $($generics)*> NumberArray for $array {
            type Number = T;

            fn array_shape(&self) -> ArrayShape {
                let $size = matrix_of(self);
                ArrayShape::new(&$shape)
            }

            fn number(&self, index: usize) -> Option<T> {
                let matrix = matrix_of(self);
                let columns = matrix.ncols();
                entry(matrix, index.checked_div(columns)?, index % columns).copied()
            }
        }

        capture_array!([T, $($generics)*] $array);

        impl<T: Finite, $($generics)*> Finite for $array {
            fn first_non_finite(&self) -> Option<NonFiniteElement> {
                let matrix = matrix_of(self);
                (0..matrix.nrows()).find_map(|$row| {
                    (0..matrix.ncols()).find_map(|$column| {
                        let $element = entry(matrix, $row, $column)?.first_non_finite()?;
                        Some($at)
                    })
                })
            }

            #[inline]
            fn all_finite(&self) -> bool {
                is_finite(matrix_of(self))
            }
        }
    )*};
}

macro_rules! all_arrays {
    (
        matrices: $([$($matrix_generics:tt)*] $matrix:ty),*;
        columns: $([$($column_generics:tt)*] $column:ty),*;
        rows: $([$($row_generics:tt)*] $row:ty),*;
    ) => {
        arrays! {
            $([$($matrix_generics)*] $matrix, |matrix| [matrix.nrows(), matrix.ncols()],
                |element, row, column| element.at(column).at(row);)*
            $([$($column_generics)*] $column, |matrix| [matrix.nrows()], |element, row, _column| element.at(row);)*
            $([$($row_generics)*] $row, |matrix| [matrix.ncols()], |element, _row, column| element.at(column);)*
        }
    };
}

all_arrays! {
    matrices: [R: Shape, C: Shape] Mat<T, R, C>,
        [R: Shape, C: Shape, X: Stride, Y: Stride] MatRef<'_, T, R, C, X, Y>,
        [R: Shape, C: Shape, X: Stride, Y: Stride] MatMut<'_, T, R, C, X, Y>;
    columns: [R: Shape] Col<T, R>, [R: Shape, X: Stride] ColRef<'_, T, R, X>, [R: Shape, X: Stride] ColMut<'_, T, R, X>;
    rows: [C: Shape] Row<T, C>, [C: Shape, X: Stride] RowRef<'_, T, C, X>, [C: Shape, X: Stride] RowMut<'_, T, C, X>;
}

//! Vectors and matrices of `nalgebra`: owned ones and views, of static and dynamic size.

use nalgebra::{Dim, Matrix, RawStorage};

use crate::arrays::number_array::{NumberArray, capture_array};
use crate::attribute::array_shape::ArrayShape;
use crate::attribute::plain_data::Scalar;
use crate::check::{Finite, NonFiniteElement};

impl<T: Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>> NumberArray for Matrix<T, R, C, S> {
    type Number = T;

    fn array_shape(&self) -> ArrayShape {
        match self.shape() {
            (rows, 1) if is_vector::<C>() => ArrayShape::new(&[rows]),
            (rows, columns) => ArrayShape::new(&[rows, columns]),
        }
    }

    fn number(&self, index: usize) -> Option<T> {
        let columns = self.ncols();
        self.get((index.checked_div(columns)?, index % columns)).copied()
    }
}

capture_array!([T, R: Dim, C: Dim, S: RawStorage<T, R, C>] Matrix<T, R, C, S>);

/// Returns true if the type of a matrix has one column.
fn is_vector<C: Dim>() -> bool {
    C::try_to_usize() == Some(1)
}

impl<T: Finite + nalgebra::Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>> Finite for Matrix<T, R, C, S> {
    fn first_non_finite(&self) -> Option<NonFiniteElement> {
        let (rows, columns) = self.shape();
        (0..rows).find_map(|row| {
            (0..columns).find_map(|column| {
                let element = self.get((row, column))?.first_non_finite()?;
                Some(if is_vector::<C>() { element.at(row) } else { element.at(column).at(row) })
            })
        })
    }

    /// A fold without an early return uses vector instructions, which an iterator over a matrix does not.
    #[inline]
    fn all_finite(&self) -> bool {
        self.fold(true, |all, x| all & x.all_finite())
    }
}

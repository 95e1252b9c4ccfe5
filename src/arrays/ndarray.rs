//! Arrays of `ndarray`: owned, shared and borrowed ones, of any dimension.

use ndarray::{ArrayBase, ArrayRef, Data, Dimension};

use crate::arrays::number_array::{NumberArray, capture_array};
use crate::attribute::array_shape::ArrayShape;
use crate::attribute::plain_data::Scalar;
use crate::check::{Finite, NonFiniteElement};

impl<T: Scalar, D: Dimension> NumberArray for ArrayRef<T, D> {
    type Number = T;

    fn array_shape(&self) -> ArrayShape {
        ArrayShape::new(self.shape())
    }

    fn number(&self, index: usize) -> Option<T> {
        match self.as_slice() {
            Some(entries) => entries.get(index).copied(),
            None => self.get(unravel(self, index)?).copied(),
        }
    }
}

impl<S: Data<Elem: Scalar>, D: Dimension> NumberArray for ArrayBase<S, D> {
    type Number = S::Elem;

    fn array_shape(&self) -> ArrayShape {
        ArrayShape::new((**self).shape())
    }

    fn number(&self, index: usize) -> Option<S::Elem> {
        (**self).number(index)
    }
}

capture_array!([T, D: Dimension] ArrayRef<T, D>, [S: Data, D: Dimension] ArrayBase<S, D>);

/// Returns the indices of the entry at a row-major index. It is `None` if the array has no entries.
fn unravel<T, D: Dimension>(array: &ArrayRef<T, D>, mut index: usize) -> Option<D> {
    let mut indices = D::zeros(array.ndim());
    for (axis, &length) in array.shape().iter().enumerate().rev() {
        indices[axis] = index.checked_rem(length)?;
        index /= length;
    }
    Some(indices)
}

impl<T: Finite, D: Dimension> Finite for ArrayRef<T, D> {
    fn first_non_finite(&self) -> Option<NonFiniteElement> {
        let (index, element) = self.iter().enumerate().find_map(|(index, x)| Some((index, x.first_non_finite()?)))?;
        let indices = unravel(self, index)?;
        Some(indices.slice().iter().rev().fold(element, |element, &index| element.at(index)))
    }

    #[inline]
    fn all_finite(&self) -> bool {
        match self.as_slice_memory_order() {
            Some(entries) => T::all_finite_in(entries),
            None => self.rows().into_iter().all(|row| match row.as_slice() {
                Some(entries) => T::all_finite_in(entries),
                None => row.iter().all(T::all_finite),
            }),
        }
    }
}

impl<S: Data<Elem: Finite>, D: Dimension> Finite for ArrayBase<S, D> {
    fn first_non_finite(&self) -> Option<NonFiniteElement> {
        (**self).first_non_finite()
    }

    #[inline]
    fn all_finite(&self) -> bool {
        (**self).all_finite()
    }
}

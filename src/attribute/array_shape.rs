//! The shape of an array.

/// Maximum number of dimensions of a shape. An array with more dimensions is a list of its entries.
const MAX_DIMENSIONS: usize = 6;
/// Maximum number of empty lists that show an array without entries. A larger one shows its shape.
const MAX_EMPTY_LISTS: usize = 256;

/// The number of entries of an array along each dimension.
#[derive(Clone, Copy)]
pub struct ArrayShape {
    lengths: [usize; MAX_DIMENSIONS],
    dimensions: usize,
}

impl ArrayShape {
    pub fn new(lengths: &[usize]) -> Self {
        let mut shape = ArrayShape { lengths: [0; MAX_DIMENSIONS], dimensions: lengths.len() };
        match shape.lengths.get_mut(..lengths.len()) {
            Some(known) => known.copy_from_slice(lengths),
            None => (shape.lengths[0], shape.dimensions) = (product(lengths), 1),
        }
        shape
    }

    pub fn lengths(&self) -> &[usize] {
        &self.lengths[..self.dimensions]
    }

    /// Returns the number of entries.
    pub fn length(&self) -> usize {
        product(self.lengths())
    }

    /// Returns true if an array without entries consists of a large number of empty lists.
    pub fn is_hollow(&self) -> bool {
        let lists = self.lengths().iter().filter(|&&length| length > 0);
        self.length() == 0 && lists.fold(1_usize, |count, &length| count.saturating_mul(length)) > MAX_EMPTY_LISTS
    }
}

/// Returns the product. It is 0 if a length is 0, whatever the others are.
pub(crate) fn product(lengths: &[usize]) -> usize {
    if lengths.contains(&0) { 0 } else { lengths.iter().fold(1, |product, &length| product.saturating_mul(length)) }
}

//! A number that is not finite, and its place in a value.

/// The first number of a value that is not finite, and its place: `p[3]` of a state with a field `p`.
///
/// ```
/// use tracing_failure::check::NonFiniteElement;
///
/// let element = NonFiniteElement::new(f64::NAN).at(3).in_field("p");
/// assert!(element.value().is_nan());
/// assert_eq!((element.index(), element.path()), (&[3][..], ".p[3]"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NonFiniteElement {
    value: f64,
    index: Vec<usize>,
    path: String,
}

impl NonFiniteElement {
    /// Creates an element that is the whole value.
    ///
    /// ```
    /// let element = tracing_failure::check::NonFiniteElement::new(f64::INFINITY);
    /// assert_eq!(element.path(), "");
    /// ```
    #[must_use]
    pub fn new(value: f64) -> Self {
        NonFiniteElement { value, index: Vec::new(), path: String::new() }
    }

    /// Adds the index of the enclosing list. Call it for the innermost list first: `.at(column).at(row)`.
    ///
    /// ```
    /// let element = tracing_failure::check::NonFiniteElement::new(f64::NAN).at(2).at(7);
    /// assert_eq!(element.path(), "[7][2]");
    /// ```
    #[must_use]
    pub fn at(mut self, index: usize) -> Self {
        self.index.insert(0, index);
        self.path.insert_str(0, &format!("[{index}]"));
        self
    }

    /// Adds the name of the enclosing field.
    ///
    /// ```
    /// let element = tracing_failure::check::NonFiniteElement::new(f64::NAN).in_field("pressure");
    /// assert_eq!(element.path(), ".pressure");
    /// ```
    #[must_use]
    pub fn in_field(mut self, name: &str) -> Self {
        self.path.insert_str(0, &format!(".{name}"));
        self
    }

    /// Returns the number: NaN or an infinity.
    ///
    /// ```
    /// let element = tracing_failure::check::NonFiniteElement::new(f64::INFINITY);
    /// assert_eq!(element.value(), f64::INFINITY);
    /// ```
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Returns the indices of the element, outermost first. A number that is no element has none.
    ///
    /// ```
    /// let element = tracing_failure::check::NonFiniteElement::new(f64::NAN).at(2).at(7);
    /// assert_eq!(element.index(), [7, 2]);
    /// ```
    #[must_use]
    pub fn index(&self) -> &[usize] {
        &self.index
    }

    /// Returns the place of the element in the syntax of Rust, after the name of the value.
    ///
    /// ```
    /// let element = tracing_failure::check::NonFiniteElement::new(f64::NAN).at(2);
    /// assert_eq!(element.path(), "[2]");
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

//! Collects arrays while they are read: all entries of a short array, and the statistics of a long one.

use std::collections::VecDeque;

use super::limits::Limits;
use super::variant::{Map, Value};

/// Number of leaves at each end of a summary.
const SUMMARY_END_LEAVES: usize = 8;

/// A value that has been read, with the statistics that an enclosing array needs.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) array: Option<Array>,
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Node { value, array: None }
    }
}

impl Value {
    /// Returns the array of this shape with these entries in row-major order. It is a list, a list of lists if it has
    /// several dimensions, or a summary if it exceeds the [`Limits`]. Entries beyond the shape and incomplete rows are
    /// omitted.
    ///
    /// ```
    /// use tracing_failure::Value;
    ///
    /// assert_eq!(Value::array(&[2, 2], &[1.0, 2.0, 3.0, 4.0]).to_string(), "[[1.0,2.0],[3.0,4.0]]");
    /// let summary = Value::array(&[1000, 1000], &vec![0.5; 1_000_000]);
    /// assert_eq!(summary.get("shape"), Some(&vec![1000, 1000].into()));
    /// assert_eq!(summary.get("mean"), Some(&0.5.into()));
    /// ```
    pub fn array<T: Copy + Into<Value>>(shape: &[usize], entries: &[T]) -> Value {
        if entries.len() <= Limits::DEFAULT.array {
            return list(shape, entries);
        }
        let mut numbers = Numbers::default();
        for (index, &entry) in entries.iter().enumerate() {
            if let Some(x) = entry.into().as_f64() {
                numbers.push(index, x);
            }
        }
        let values = |entries: &[T]| entries.iter().map(|&entry| entry.into()).collect();
        let array = Array {
            shape: shape.to_vec(),
            is_ragged: false,
            leaves: entries.len(),
            numbers,
            head: values(&entries[..SUMMARY_END_LEAVES]),
            tail: VecDeque::from(values(&entries[entries.len() - SUMMARY_END_LEAVES..])),
        };
        array.summary(true)
    }
}

fn list<T: Copy + Into<Value>>(shape: &[usize], entries: &[T]) -> Value {
    match shape {
        [] => entries.first().map_or(Value::Null, |&entry| entry.into()),
        [_] => Value::List(entries.iter().map(|&entry| entry.into()).collect()),
        [rows, rest @ ..] => {
            let length = rest.iter().product::<usize>();
            let rows = (0..*rows).map_while(|row| entries.get(row * length..(row + 1) * length));
            Value::List(rows.map(|row| list(rest, row)).collect())
        }
    }
}

/// The statistics of all leaves of an array, in row-major order.
#[derive(Clone, Default)]
pub(super) struct Array {
    shape: Vec<usize>,
    is_ragged: bool,
    leaves: usize,
    numbers: Numbers,
    head: Vec<Value>,
    tail: VecDeque<Value>,
}

#[derive(Clone, Default)]
struct Numbers {
    count: usize,
    finite: usize,
    sum: f64,
    min: f64,
    max: f64,
    first_non_finite: Option<usize>,
}

impl Numbers {
    fn push(&mut self, index: usize, x: f64) {
        self.count += 1;
        if !x.is_finite() {
            self.first_non_finite.get_or_insert(index);
            return;
        }
        (self.min, self.max) = match self.finite {
            0 => (x, x),
            _ => (self.min.min(x), self.max.max(x)),
        };
        self.finite += 1;
        self.sum += x;
    }

    fn append(&mut self, offset: usize, other: &Numbers) {
        if other.finite > 0 {
            (self.min, self.max) = match self.finite {
                0 => (other.min, other.max),
                _ => (self.min.min(other.min), self.max.max(other.max)),
            };
        }
        self.first_non_finite = self.first_non_finite.or(other.first_non_finite.map(|index| index + offset));
        self.count += other.count;
        self.finite += other.finite;
        self.sum += other.sum;
    }
}

impl Array {
    pub(super) fn push_leaf(&mut self, value: &Value) {
        if let Some(x) = value.as_f64() {
            self.numbers.push(self.leaves, x);
        }
        self.leaves += 1;
        self.add_to_ends(value);
    }

    fn add_to_ends(&mut self, value: &Value) {
        if self.head.len() < SUMMARY_END_LEAVES {
            self.head.push(value.clone());
        }
        if self.tail.len() == SUMMARY_END_LEAVES {
            self.tail.pop_front();
        }
        self.tail.push_back(value.clone());
    }

    fn append(&mut self, inner: &Array) {
        self.numbers.append(self.leaves, &inner.numbers);
        self.leaves += inner.leaves;
        self.head.extend(inner.head.iter().take(SUMMARY_END_LEAVES - self.head.len()).cloned());
        self.tail.extend(inner.tail.iter().cloned());
        self.tail.drain(..self.tail.len().saturating_sub(SUMMARY_END_LEAVES));
    }

    pub(super) fn set_shape(&mut self, shape: Vec<usize>, is_ragged: bool) {
        (self.shape, self.is_ragged) = (shape, is_ragged);
    }

    /// Returns the summary. `is_complete` is false if the array was cut before its end.
    pub(super) fn summary(&self, is_complete: bool) -> Value {
        let mut map = Map::from_iter([("summary", "array")]);
        map.insert(if is_complete { "length" } else { "length_at_least" }, self.leaves);
        if is_complete && !self.is_ragged {
            map.insert("shape", self.shape.clone());
        }
        map.insert("head", self.head.clone());
        if is_complete {
            map.insert("tail", Vec::from(self.tail.clone()));
        }
        if self.numbers.count == self.leaves {
            if self.numbers.finite > 0 {
                map.insert("min", self.numbers.min);
                map.insert("max", self.numbers.max);
                map.insert("mean", self.numbers.sum / self.numbers.finite as f64);
            }
            map.insert("non_finite", self.numbers.count - self.numbers.finite);
            if let Some(index) = self.numbers.first_non_finite {
                map.insert("first_non_finite", index);
            }
        }
        Value::Map(map)
    }
}

/// Collects the entries of one dimension.
pub(super) struct ArrayBuilder {
    limit: usize,
    entries: Vec<Value>,
    length: usize,
    array: Array,
    inner_shape: Option<Vec<usize>>,
    is_ragged: bool,
}

impl ArrayBuilder {
    pub(super) fn new(limits: &Limits) -> Self {
        ArrayBuilder {
            limit: limits.array,
            entries: Vec::new(),
            length: 0,
            array: Array::default(),
            inner_shape: None,
            is_ragged: false,
        }
    }

    pub(super) fn push(&mut self, node: Node) {
        let shape = node.array.as_ref().map(|inner| (inner.shape.clone(), inner.is_ragged));
        let (shape, is_ragged) = shape.unwrap_or_default();
        // `!=` would call `memcmp` with dangling pointers if both are empty, which takes 100 ns on some processors.
        self.is_ragged |= is_ragged || self.inner_shape.as_ref().is_some_and(|known| known.iter().ne(&shape));
        self.inner_shape.get_or_insert(shape);
        self.length += 1;
        match &node.array {
            Some(inner) => self.array.append(inner),
            None => self.array.push_leaf(&node.value),
        }
        if self.length <= self.limit && self.array.leaves <= self.limit {
            self.entries.push(node.value);
        }
    }

    /// Returns the summary of an array that was cut.
    pub(super) fn finish_cut(self) -> Node {
        self.array.summary(false).into()
    }

    pub(super) fn finish(mut self) -> Node {
        let shape = std::iter::once(self.length).chain(self.inner_shape.unwrap_or_default());
        self.array.set_shape(shape.collect(), self.is_ragged);
        let value =
            if self.entries.len() == self.length { Value::List(self.entries) } else { self.array.summary(true) };
        Node { value, array: Some(self.array) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_matrix_is_summarised_with_its_shape() {
        let mut rows: Vec<Vec<f64>> = (0..30).map(|i| vec![f64::from(i); 20]).collect();
        rows[2][3] = f64::NAN;
        let value = Value::from_serialize(&rows).unwrap();
        assert_eq!(value.get("length"), Some(&Value::Int(600)));
        assert_eq!(value.get("shape"), Some(&Value::from(vec![30, 20])));
        assert_eq!(value.get("min"), Some(&Value::Float(0.0)));
        assert_eq!(value.get("max"), Some(&Value::Float(29.0)));
        assert_eq!(value.get("non_finite"), Some(&Value::Int(1)));
        assert_eq!(value.get("first_non_finite"), Some(&Value::Int(43)));
        assert_eq!(value.get("tail"), Some(&Value::from(vec![29.0; 8])));
    }

    #[test]
    fn an_array_by_its_entries_is_the_array_by_its_rows() {
        for (rows, columns) in [(0, 3), (3, 0), (1, 1), (4, 8), (16, 16), (257, 1), (30, 20)] {
            let entry = |index: usize| if index == 7 { f64::INFINITY } else { index as f64 };
            let entries: Vec<f64> = (0..rows * columns).map(entry).collect();
            let nested: Vec<&[f64]> = (0..rows).map(|row| &entries[row * columns..(row + 1) * columns]).collect();
            assert_eq!(Value::array(&[rows, columns], &entries), Value::from_serialize(&nested).unwrap());
        }
        assert_eq!(Value::array(&[], &[2.5]), Value::Float(2.5));
        assert_eq!(Value::array(&[3, 2], &[1, 2, 3]).to_string(), "[[1,2]]");
    }

    #[test]
    fn ragged_arrays_have_no_shape() {
        let rows: Vec<Vec<u32>> = (0..60).map(|i| (0..i).collect()).collect();
        let value = Value::from_serialize(&rows).unwrap();
        assert_eq!(value.get("length"), Some(&Value::Int(1770)));
        assert_eq!(value.get("shape"), None);
    }
}

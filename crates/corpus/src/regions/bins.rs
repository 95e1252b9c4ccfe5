//! Divides the values of a column into bins, whose counts decide on conditions.

use region::Cell;
use region::{CellTest, Label};

/// Maximum number of texts in a column that conditions can name. A column with more texts contains identifiers.
pub const MAX_LABELS: usize = 32;

/// The bins of a column: intervals of numbers, then numbers that are not finite, missing values, labels, and all other
/// texts.
///
/// ```
/// use tracing_failure_corpus::search::ColumnBins;
/// use tracing_failure_corpus::{Cell, Label};
///
/// let bins = ColumnBins::new("mu", vec![1.0, 10.0], vec![Label::Text("auto".to_owned())]);
/// assert_eq!(bins.bin(Cell::Number(1.0)), 0);
/// assert_eq!(bins.bin(Cell::Number(10.5)), 2);
/// assert_eq!(bins.bin(Cell::Text("auto")), 5);
/// assert_eq!(bins.count(), 7);
/// ```
#[derive(Clone, Debug)]
pub struct ColumnBins {
    parameter: String,
    cuts: Vec<f64>,
    labels: Vec<Label>,
}

impl ColumnBins {
    /// Creates the bins of a parameter. `cuts` must be in ascending order; the bin between two cuts contains the upper
    /// one.
    ///
    /// ```
    /// use tracing_failure_corpus::search::ColumnBins;
    ///
    /// assert_eq!(ColumnBins::new("mu", vec![1.0], vec![]).parameter(), "mu");
    /// ```
    pub fn new(parameter: impl Into<String>, cuts: Vec<f64>, labels: Vec<Label>) -> Self {
        ColumnBins { parameter: parameter.into(), cuts, labels }
    }

    /// Returns the name of the parameter.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::search::ColumnBins::new("mu", vec![], vec![]).parameter(), "mu");
    /// ```
    pub fn parameter(&self) -> &str {
        &self.parameter
    }

    /// Returns the limits between the bins of numbers.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::search::ColumnBins::new("mu", vec![1.0], vec![]).cuts(), [1.0]);
    /// ```
    pub fn cuts(&self) -> &[f64] {
        &self.cuts
    }

    /// Returns the texts and booleans that have a bin of their own.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::search::ColumnBins::new("mu", vec![1.0], vec![]).labels().is_empty());
    /// ```
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Returns the number of bins.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::search::ColumnBins::new("mu", vec![1.0], vec![]).count(), 5);
    /// ```
    pub fn count(&self) -> usize {
        self.other_text() + 1
    }

    /// Returns the bin of a value.
    ///
    /// ```
    /// use tracing_failure_corpus::Cell;
    /// use tracing_failure_corpus::search::ColumnBins;
    ///
    /// assert_eq!(ColumnBins::new("mu", vec![], vec![]).bin(Cell::Missing), 2);
    /// ```
    pub fn bin(&self, cell: Cell<'_>) -> usize {
        match cell {
            Cell::Number(number) => self.cuts.partition_point(|&cut| cut < number),
            Cell::NotFinite(_) => self.not_finite(),
            Cell::Missing => self.missing(),
            label => {
                let position = self.labels.iter().position(|known| known.equals(label));
                position.map_or(self.other_text(), |position| self.first_label() + position)
            }
        }
    }

    pub(super) fn numbers(&self) -> usize {
        self.cuts.len() + 1
    }

    pub(super) fn not_finite(&self) -> usize {
        self.numbers()
    }

    pub(super) fn missing(&self) -> usize {
        self.numbers() + 1
    }

    pub(super) fn first_label(&self) -> usize {
        self.numbers() + 2
    }

    fn other_text(&self) -> usize {
        self.first_label() + self.labels.len()
    }

    /// The number of conditions that a search can choose from.
    pub(super) fn test_count(&self) -> usize {
        2 * self.cuts.len() + self.labels.len() + 4
    }

    /// The cuts next to a threshold, between which a better threshold is searched.
    pub(super) fn cuts_around(&self, threshold: f64) -> (f64, f64) {
        let below = self.cuts.partition_point(|&cut| cut < threshold);
        let above = self.cuts.partition_point(|&cut| cut <= threshold);
        let low = below.checked_sub(1).map_or(f64::NEG_INFINITY, |at| self.cuts[at]);
        (low, self.cuts.get(above).copied().unwrap_or(f64::INFINITY))
    }

    /// The shortest list that selects these labels. `has_other_texts` is true if the column has texts without a bin.
    pub(super) fn list(&self, mut selected: Vec<Label>, has_other_texts: bool) -> CellTest {
        let mut others: Vec<Label> = self.labels.iter().filter(|label| !selected.contains(label)).cloned().collect();
        selected.sort();
        others.sort();
        if others.len() < selected.len() && !others.is_empty() && !has_other_texts {
            CellTest::NotIn(others)
        } else {
            CellTest::In(selected)
        }
    }
}

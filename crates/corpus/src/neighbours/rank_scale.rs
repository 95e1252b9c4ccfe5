//! The values of a parameter as codes whose differences are distances.

use region::Cell;

use crate::spread::spread;
use crate::table::column::ValueColumn;

/// Maximum number of numbers that represent a distribution. The ranks of other numbers are interpolated.
const MAX_SAMPLES: usize = 16_384;

const MISSING: f32 = -1.0;
const NOT_FINITE: f32 = -2.0;
const FALSE: f32 = -3.0;
const TRUE: f32 = -4.0;
/// The code of the first text. Later texts have smaller codes.
const FIRST_TEXT: f32 = -5.0;
const UNKNOWN_TEXT: f32 = f32::NEG_INFINITY;

/// Translates the values of a parameter into codes: a number becomes its rank between 0 and 1, every other value a
/// negative number.
///
/// Ranks make distances independent of the unit and of a logarithmic scale.
pub(crate) struct RankScale<'a> {
    column: &'a ValueColumn,
    /// Distinct numbers in ascending order.
    numbers: Vec<f64>,
    /// Their mean ranks.
    ranks: Vec<f32>,
}

impl<'a> RankScale<'a> {
    pub(crate) fn new(column: &'a ValueColumn) -> Self {
        let mut sorted = sample(column);
        sorted.sort_unstable_by(f64::total_cmp);
        let count = sorted.len().max(1) as f32;
        let (mut numbers, mut ranks, mut below) = (Vec::new(), Vec::new(), 0);
        for equal in sorted.chunk_by(|a, b| a == b) {
            numbers.push(equal[0]);
            ranks.push((below as f32 + equal.len() as f32 / 2.0) / count);
            below += equal.len();
        }
        RankScale { column, numbers, ranks }
    }

    pub(crate) fn code(&self, cell: Cell<'_>) -> f32 {
        match cell {
            Cell::Missing => MISSING,
            Cell::NotFinite(_) => NOT_FINITE,
            Cell::Bool(false) => FALSE,
            Cell::Bool(true) => TRUE,
            Cell::Number(number) => self.rank(number),
            Cell::Text(text) => {
                self.column.text_position(text).map_or(UNKNOWN_TEXT, |position| FIRST_TEXT - position as f32)
            }
        }
    }

    fn rank(&self, number: f64) -> f32 {
        let above = self.numbers.partition_point(|&known| known < number);
        let Some(&upper) = self.numbers.get(above) else { return 1.0 };
        if upper == number {
            return self.ranks[above];
        }
        let Some(below) = above.checked_sub(1) else { return 0.0 };
        let lower = self.numbers[below];
        // Half of the numbers first: their difference may overflow.
        let fraction = (number / 2.0 - lower / 2.0) / (upper / 2.0 - lower / 2.0);
        self.ranks[below] + fraction as f32 * (self.ranks[above] - self.ranks[below])
    }
}

/// Returns the finite numbers of a column, or some of them.
fn sample(column: &ValueColumn) -> Vec<f64> {
    let cells = spread(column.len(), MAX_SAMPLES).map(|run| column.cell(run));
    cells.filter_map(|cell| if let Cell::Number(number) = cell { Some(number) } else { None }).collect()
}

/// Returns Gower's distance of two codes, between 0 and 1: the difference of ranks, or 1 for different kinds of values
/// and for different texts.
#[inline]
pub(crate) fn distance(a: f32, b: f32) -> f32 {
    if a >= 0.0 && b >= 0.0 {
        (a - b).abs()
    } else if a == b && a != UNKNOWN_TEXT {
        0.0
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[Cell<'_>]) -> ValueColumn {
        let mut column = ValueColumn::new("x");
        cells.iter().for_each(|cell| column.push(*cell));
        column
    }

    #[test]
    fn ranks_do_not_depend_on_the_scale() {
        let linear = column(&[1.0, 2.0, 3.0, 4.0].map(Cell::Number));
        let logarithmic = column(&[1e-9, 1e-6, 1e-3, 1.0].map(Cell::Number));
        let codes = |column: &ValueColumn| {
            let scale = RankScale::new(column);
            column.cells().map(|cell| scale.code(cell)).collect::<Vec<_>>()
        };
        assert_eq!(codes(&linear), codes(&logarithmic));
        assert_eq!(codes(&linear), [0.125, 0.375, 0.625, 0.875]);
    }

    #[test]
    fn new_numbers_lie_between_their_neighbours() {
        let column = column(&[1.0, 2.0, 2.0, 4.0].map(Cell::Number));
        let scale = RankScale::new(&column);
        assert_eq!(scale.code(Cell::Number(2.0)), 0.5);
        assert_eq!(scale.code(Cell::Number(3.0)), 0.6875);
        assert_eq!((scale.code(Cell::Number(0.0)), scale.code(Cell::Number(9.0))), (0.0, 1.0));
    }

    #[test]
    fn values_of_different_kinds_are_far_apart() {
        let cells = [
            Cell::Number(1.0),
            Cell::Missing,
            Cell::NotFinite(f64::NAN),
            Cell::Bool(true),
            Cell::Bool(false),
            Cell::Text("a"),
            Cell::Text("b"),
        ];
        let column = column(&cells);
        let scale = RankScale::new(&column);
        for (i, a) in cells.iter().enumerate() {
            for (j, b) in cells.iter().enumerate() {
                let expected = f32::from(u8::from(i != j));
                assert_eq!(distance(scale.code(*a), scale.code(*b)), expected, "{a:?} {b:?}");
            }
        }
        let unknown = scale.code(Cell::Text("c"));
        assert_eq!((distance(unknown, unknown), distance(unknown, scale.code(cells[5]))), (1.0, 1.0));
        assert_eq!(distance(scale.code(Cell::NotFinite(f64::INFINITY)), scale.code(cells[2])), 0.0);
    }
}

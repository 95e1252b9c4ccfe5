//! Messages of assertions that show their expression: "assertion failed: a.len() == b.len()".

use super::category::Category;
use crate::phrases::WordSequence;

/// The beginning of such a message, in lower case. A colon and the expression follow.
const ASSERTION_FAILED: &str = "assertion failed:";

/// Words of expressions that are a size.
const SIZES: [&str; 22] = [
    "nrows",
    "ncols",
    "nrow",
    "ncol",
    "rows",
    "cols",
    "columns",
    "row",
    "col",
    "column",
    "len",
    "length",
    "lengths",
    "shape",
    "shapes",
    "dim",
    "dims",
    "ndim",
    "size",
    "width",
    "height",
    "dimension",
];

/// Returns the category of a message with the expression of a failed assertion.
pub(super) fn category(text: &str) -> Option<Category> {
    let lower = text.to_ascii_lowercase();
    let mut expressions = lower.lines().filter_map(|line| Some(line.split_once(ASSERTION_FAILED)?.1));
    expressions.any(compares_sizes).then_some(Category::DimensionMismatch)
}

/// Returns true if the expression requires that two sizes are equal.
fn compares_sizes(expression: &str) -> bool {
    if ["is_square(", "same_shape("].iter().any(|test| expression.contains(test)) {
        return true;
    }
    let mut comparisons = expression.split("&&").filter_map(|part| part.split_once("=="));
    comparisons.any(|(left, right)| {
        let [left, right] = [left, right].map(str::trim);
        (is_size(left) || is_size(right)) && ![left, right].iter().any(|side| is_no_size(side))
    })
}

fn is_size(side: &str) -> bool {
    SIZES.iter().any(|size| WordSequence::of(side).contains(size))
}

/// Returns true for zero, which asks whether there are entries, for other literals than numbers, and for an index.
fn is_no_size(side: &str) -> bool {
    matches!(side, "0" | "true" | "false") || side.contains(['"', '\'', '['])
}

#[cfg(test)]
mod tests {
    use crate::failure::Category;

    #[test]
    fn equal_sizes_are_asserted() {
        for (text, category) in [
            (
                "Assertion failed at solvers.rs:2151:3\nAssertion failed: self.nrows() == rhs.nrows()\n\
                 - self.nrows() = 4\n- rhs.nrows() = 3",
                Some(Category::DimensionMismatch),
            ),
            ("assertion failed: a.len() == b.len()", Some(Category::DimensionMismatch)),
            ("assertion failed: x.len() == 3", Some(Category::DimensionMismatch)),
            ("assertion failed: n_rows == n", Some(Category::DimensionMismatch)),
            ("assertion failed: k > 0 && a.shape() == b.shape()", Some(Category::DimensionMismatch)),
            ("assertion failed: a.has_same_shape(&b)", Some(Category::DimensionMismatch)),
            ("assertion failed: self.is_square()", Some(Category::DimensionMismatch)),
            ("Assertion failed: all(a.ncols() == b.nrows())", Some(Category::DimensionMismatch)),
            ("assertion failed: queue.len() == 0", None),
            ("assertion failed: rows[k] == previous", None),
            ("assertion failed: i < self.nrows()", None),
            ("assertion failed: column == \"mass\"", None),
            ("assertion failed: energy == reference", None),
            ("assertion `left == right` failed\n  left: 4\n right: 3", None),
            ("the test asserts self.nrows() == rhs.nrows()", None),
        ] {
            assert_eq!(Category::of_text(text), category, "{text}");
        }
    }
}

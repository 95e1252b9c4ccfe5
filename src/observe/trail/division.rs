//! Divides the rows of a lane among the series that want them.
//!
//! Three quarters of the space belong to the program's own series, and one quarter to those of libraries. Each part may
//! use the space that the other one leaves. Inside a part the division is max-min fair: a series that wants less than
//! an equal share gets all of it, and the rest is divided equally among the others. A short series is therefore always
//! complete, however long the others are.

/// The rows that a series wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    /// Words of a row.
    pub(super) stride: usize,
    /// Number of rows.
    pub(super) rows: usize,
    /// True if the series belongs to the program, false if it belongs to a library.
    pub(super) in_app: bool,
}

impl Claim {
    fn words(self) -> usize {
        self.rows * self.stride
    }
}

/// Returns the number of rows for each series.
pub(super) fn divide(claims: &[Claim], room: usize) -> Vec<usize> {
    let wanted =
        |in_app| claims.iter().filter(|claim| claim.in_app == in_app).map(|claim| claim.words()).sum::<usize>();
    let mut rows = vec![0; claims.len()];
    let left = fill(claims, true, room - wanted(false).min(room / 4), &mut rows);
    let room_of_libraries = left + wanted(false).min(room / 4);
    fill(claims, false, room_of_libraries, &mut rows);
    rows
}

/// Divides the space among the series of one part, the smallest first. Returns the rest.
fn fill(claims: &[Claim], in_app: bool, room: usize, rows: &mut [usize]) -> usize {
    let mut part: Vec<usize> = (0..claims.len()).filter(|index| claims[*index].in_app == in_app).collect();
    part.sort_by_key(|index| claims[*index].words());
    let mut left = room;
    for (place, &index) in part.iter().enumerate() {
        let claim = claims[index];
        let share = left / (part.len() - place);
        rows[index] = claim.rows.min(share / claim.stride);
        left -= rows[index] * claim.stride;
    }
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claim() -> impl Strategy<Value = Claim> {
        (1..20_usize, 0..300_usize, any::<bool>()).prop_map(|(stride, rows, in_app)| Claim { stride, rows, in_app })
    }

    proptest! {
        /// No series gets more than it wants, all rows fit, and a series that wants less than an equal share is
        /// complete.
        #[test]
        fn the_division_is_fair(claims in prop::collection::vec(claim(), 1..48), room in 0..20_000_usize) {
            let rows = divide(&claims, room);
            let words: usize = claims.iter().zip(&rows).map(|(claim, rows)| claim.stride * rows).sum();
            prop_assert!(words <= room);
            let equal_share = room / 4 * 3 / claims.len();
            for (claim, &rows) in claims.iter().zip(&rows) {
                prop_assert!(rows <= claim.rows);
                if claim.in_app && claim.words() <= equal_share {
                    prop_assert_eq!(rows, claim.rows);
                }
            }
        }

        /// Libraries never take rows that the program's own series need.
        #[test]
        fn libraries_leave_three_quarters(libraries in prop::collection::vec(claim(), 0..40), rows in 0..256_usize) {
            let own = Claim { stride: 6, rows, in_app: true };
            let mut claims: Vec<Claim> = libraries.into_iter().map(|claim| Claim { in_app: false, ..claim }).collect();
            claims.push(own);
            let rows = divide(&claims, 6400);
            prop_assert_eq!(rows.last(), Some(&own.rows));
        }
    }
}

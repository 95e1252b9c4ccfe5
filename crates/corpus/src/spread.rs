//! Some of many positions, evenly spread.

/// The fraction of the golden ratio: its multiples fill an interval evenly, and no grid of parameters has its period.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Returns at most `count` positions of a list of `len` items: all of them, or some that are spread evenly. A position
/// may occur twice.
pub(crate) fn spread(len: usize, count: usize) -> impl Iterator<Item = usize> {
    let position = move |index: usize| {
        if len <= count { index } else { ((index as f64 * GOLDEN).fract() * len as f64) as usize }
    };
    (0..len.min(count)).map(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_items_are_all_chosen() {
        assert!(spread(7, 10).eq(0..7) && spread(0, 10).next().is_none());
    }

    #[test]
    fn no_period_of_a_grid_is_favoured() {
        for period in [2, 3, 8, 64, 100, 1024] {
            let mut counts = vec![0; period];
            spread(1 << 20, 1 << 14).for_each(|position| counts[position % period] += 1);
            let expected = (1 << 14) / period as i32;
            let largest = counts.iter().map(|count: &i32| (count - expected).abs()).max().unwrap();
            assert!(largest <= 4 + expected / 2, "{period}: {largest} of {expected}");
        }
    }
}

//! Thins points that a chart cannot show separately.

use std::collections::HashSet;

/// Number of columns and rows of the grid on which points are compared: about the pixels of a wide chart.
const GRID: (f64, f64) = (640.0, 280.0);

/// Returns at most this many points. Points at the same place are returned once: places have this many pixels at first,
/// and grow until the points are few enough.
pub(crate) fn thin_points(points: &[(f64, f64)], pixels: f64, max: usize) -> Vec<(f64, f64)> {
    let mut coarseness = pixels;
    loop {
        let mut taken = HashSet::new();
        let place =
            |x: f64, y: f64| ((x * GRID.0 / coarseness).floor() as i64, (y * GRID.1 / coarseness).floor() as i64);
        let thinned: Vec<(f64, f64)> = points.iter().copied().filter(|&(x, y)| taken.insert(place(x, y))).collect();
        if thinned.len() <= max.max(1) || coarseness > GRID.0 {
            return thinned;
        }
        coarseness *= 1.25;
    }
}

/// Returns the indices of at most about this many numbers of a series: its ends, and the extremes of equal parts. A
/// number that is not finite counts as an extreme.
pub(crate) fn thin_series(series: &[f64], max: usize) -> Vec<usize> {
    let parts = (max / 2).max(1);
    if series.len() <= 2 * parts {
        return (0..series.len()).collect();
    }
    let mut indices = vec![0, series.len() - 1];
    for part in 0..parts {
        let range = part * series.len() / parts..(part + 1) * series.len() / parts;
        let finite = || range.clone().filter(|&index| series[index].is_finite());
        indices.extend(finite().min_by(|&a, &b| series[a].total_cmp(&series[b])));
        indices.extend(finite().max_by(|&a, &b| series[a].total_cmp(&series[b])));
        indices.extend(range.clone().find(|&index| !series[index].is_finite()));
    }
    indices.sort_unstable();
    indices.dedup();
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_one_place_are_shown_once() {
        let points: Vec<(f64, f64)> =
            (0..10_000).map(|n| (f64::from(n % 100) / 100.0, f64::from(n / 100) / 100.0)).collect();
        assert_eq!(thin_points(&[(0.5, 0.5); 9], 1.0, 100).len(), 1);
        let thinned = thin_points(&points, 1.0, 1000);
        assert!((300..=1000).contains(&thinned.len()), "{}", thinned.len());
    }

    #[test]
    fn a_series_keeps_its_ends_and_extremes() {
        let mut series: Vec<f64> = (0..10_000).map(f64::from).collect();
        series[5000] = -1.0;
        series[7777] = f64::NAN;
        let indices = thin_series(&series, 100);
        assert!(indices.len() <= 103);
        assert!([0, 5000, 7777, 9999].iter().all(|index| indices.contains(index)));
    }
}

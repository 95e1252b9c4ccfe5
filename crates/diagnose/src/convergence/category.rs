//! Categorises a failure by the series of its trail when its message does not.

use super::SeriesRole;
use record::internal::WordSequence;
use record::{Behaviour, Category, Convergence, Failure};

/// Minimum total growth of a solution that counts as a blow-up.
const MIN_BLOW_UP_FACTOR: f64 = 1e3;

/// Returns the category that the series show. The more specific sign wins.
pub(crate) fn category(failure: &Failure) -> Option<Category> {
    let series: Vec<(SeriesRole, &Convergence)> =
        failure.context.convergence.iter().filter_map(|series| with_role(series, failure)).collect();
    let any = |test: &dyn Fn(SeriesRole, &Convergence) -> bool| series.iter().any(|(role, series)| test(*role, series));
    if any(&|_, series| series.first_non_finite.is_some()) {
        Some(Category::NonFinite)
    } else if any(&|role, series| role == SeriesRole::Step && series.behaviour == Behaviour::StepCollapse) {
        Some(Category::StepSizeUnderflow)
    } else if any(&|_, series| series.crossed.as_ref().is_some_and(|crossed| crossed.of == "nature")) {
        Some(Category::ConstraintViolation)
    } else if any(&has_blown_up) {
        Some(Category::ResidualDivergence)
    } else {
        series.iter().filter(|(role, _)| role.should_decrease()).find_map(|(_, series)| unfinished_category(series))
    }
}

fn with_role<'a>(series: &'a Convergence, failure: &Failure) -> Option<(SeriesRole, &'a Convergence)> {
    let column = failure.context.trail.get(series.trail)?.columns.get(&series.column)?;
    Some((SeriesRole::of(&WordSequence::of(&series.column), column), series))
}

fn has_blown_up(role: SeriesRole, series: &Convergence) -> bool {
    let (Some(first), Some(last)) = (series.first, series.last) else { return false };
    let min_factor = if role.should_decrease() { 10.0 } else { MIN_BLOW_UP_FACTOR };
    let grows =
        role != SeriesRole::Counter && role != SeriesRole::Time && series.behaviour == Behaviour::GeometricGrowth;
    grows && last.abs() > min_factor * first.abs()
}

/// Returns the category of a residual or objective that has not converged.
fn unfinished_category(series: &Convergence) -> Option<Category> {
    match series.behaviour {
        Behaviour::Stagnation => Some(Category::Stagnation),
        Behaviour::SlowConvergence | Behaviour::GeometricDecay | Behaviour::Oscillation => {
            Some(Category::MaxIterations)
        }
        _ => None,
    }
}

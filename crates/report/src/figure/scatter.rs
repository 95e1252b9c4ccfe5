//! Failed runs and other runs over two parameters.

use maud::{Markup, html};

use super::legend::{LegendMark, legend};
use super::region_runs::RegionRuns;
use crate::chart::coordinate::{percentage, percentage_from_top};
use crate::chart::frame::ChartFrame;
use crate::chart::marks::{boundary, crosses, dots, stretched};
use crate::chart::scale::AxisScale;
use crate::chart::thinning::thin_points;
use crate::shown::{counted, line, number};

/// Maximum number of points of each outcome.
const MAX_POINTS: usize = 1000;
/// Distance in pixels at which marks can be told apart.
const CROSS_SPACING: f64 = 8.0;
const DOT_SPACING: f64 = 4.0;
const HEIGHT: u32 = 320;
/// Distance of the outermost points from the edges, as a fraction of the axis.
const MARGIN: f64 = 0.03;

/// Returns the figure, unless no run has a number for both parameters.
pub(crate) fn scatter(runs: &RegionRuns<'_>, x: &str, y: &str, id: &str) -> Option<Markup> {
    let all: Vec<(f64, f64, bool)> =
        runs.indices().map(|run| (runs.number(x, run), runs.number(y, run), runs.is_failure(run))).collect();
    let known = || all.iter().filter(|(x, y, _)| x.is_finite() && y.is_finite());
    let x_scale = AxisScale::of_parameter(known().map(|run| run.0), MARGIN)?;
    let y_scale = AxisScale::of_parameter(known().map(|run| run.1), MARGIN)?;
    let points = |failed: bool| -> Vec<(f64, f64)> {
        let of_outcome = known().filter(|run| run.2 == failed);
        of_outcome.filter_map(|run| Some((x_scale.position(run.0)?, y_scale.position(run.1)?))).collect()
    };
    let (failed, others) = (points(true), points(false));
    let drawn_failed = thin_points(&failed, CROSS_SPACING, MAX_POINTS);
    let drawn_others = thin_points(&others, DOT_SPACING, MAX_POINTS);
    let marks = html! {
        (stretched(&dots(&drawn_others)))
        (crosses(&drawn_failed))
        (region_box(runs, (x, &x_scale), (y, &y_scale)))
    };
    let title = format!("Failed and other runs by {} and {}", line(x), line(y));
    let description = format!(
        "{} failed and {} did not{}. The dashed lines bound the region {}.",
        counted(failed.len(), "run"),
        number(others.len()),
        line(&runs.restriction()),
        line(&runs.region.to_string())
    );
    let frame = ChartFrame {
        id,
        title: &title,
        description: &description,
        height: HEIGHT,
        x_ticks: &x_scale.ticks(5),
        x_label: &axis_label(x, &x_scale),
        y_ticks: &y_scale.ticks(6),
        y_label: &axis_label(y, &y_scale),
    };
    let omitted = all.len() - failed.len() - others.len();
    let drawn = drawn_failed.len() + drawn_others.len();
    Some(html! {
        figure {
            figcaption {
                (description)
                @if drawn < failed.len() + others.len() {
                    " The figure has " (counted(drawn, "point")) ": runs that lie close together are drawn once."
                }
                @if omitted > 0 {
                    " Not drawn because a value is missing or not finite: " (counted(omitted, "run")) "."
                }
            }
            (legend(&[
                (LegendMark::FailedRun, "failed"),
                (LegendMark::OtherRun, "did not fail"),
                (LegendMark::Boundary, "boundary of the region"),
            ]))
            (frame.draw(&marks))
        }
    })
}

fn axis_label(name: &str, scale: &AxisScale) -> String {
    format!("{}{}", line(name), if scale.is_logarithmic() { " (logarithmic)" } else { "" })
}

/// The region as a hatched box, with dashed lines at its thresholds.
fn region_box(runs: &RegionRuns<'_>, x: (&str, &AxisScale), y: (&str, &AxisScale)) -> Markup {
    let places = |(name, scale): (&str, &AxisScale)| {
        let (low, high) = runs.bounds(name);
        (low.and_then(|low| scale.position(low)), high.and_then(|high| scale.position(high)))
    };
    let ((left, right), (bottom, top)) = (places(x), places(y));
    // A threshold without a place on a logarithmic axis is not positive, so it is beyond the beginning.
    let edge = |place: Option<f64>, otherwise: f64| place.unwrap_or(otherwise).clamp(0.0, 1.0);
    let (x0, x1, y0, y1) = (edge(left, 0.0), edge(right, 1.0), edge(bottom, 0.0), edge(top, 1.0));
    let is_visible = |place: &f64| (0.0..=1.0).contains(place);
    html! {
        rect class="region" x=(percentage(x0)) width=(percentage((x1 - x0).max(0.0)))
            y=(percentage_from_top(y1)) height=(percentage((y1 - y0).max(0.0))) {}
        @for x in [left, right].into_iter().flatten().filter(is_visible) { (boundary((x, y0), (x, y1))) }
        @for y in [bottom, top].into_iter().flatten().filter(is_visible) { (boundary((x0, y), (x1, y))) }
    }
}

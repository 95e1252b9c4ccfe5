//! Marks of charts: lines, points and bars.

use std::fmt::Write;

use maud::{Markup, html};

use super::coordinate::{percentage, percentage_from_top, units};

/// Marks in coordinates that are stretched over the chart. Lines keep their width.
pub(crate) fn stretched(marks: &Markup) -> Markup {
    html! {
        svg class="stretched" width="100%" height="100%" viewBox="0 0 1000 1000" preserveAspectRatio="none" { (marks) }
    }
}

/// A line through points. It is interrupted where a point is absent.
pub(crate) fn curve(points: impl IntoIterator<Item = Option<(f64, f64)>>) -> Markup {
    let mut path = String::new();
    let mut is_interrupted = true;
    for point in points {
        let Some((x, y)) = point else {
            is_interrupted = true;
            continue;
        };
        // A point alone is visible as a dot.
        let (command, dot) = if is_interrupted { ("M", "h0") } else { ("L", "") };
        let _ = write!(path, "{command}{} {}{dot}", units(x), units(1.0 - y));
        is_interrupted = false;
    }
    html! { path class="curve" d=(path) {} }
}

/// Round dots, for runs that did not fail.
pub(crate) fn dots(points: &[(f64, f64)]) -> Markup {
    let mut path = String::new();
    for (x, y) in points {
        let _ = write!(path, "M{} {}h0", units(*x), units(1.0 - y));
    }
    html! { path class="dots" d=(path) {} }
}

/// Crosses, for runs that failed.
pub(crate) fn crosses(points: &[(f64, f64)]) -> Markup {
    html! {
        g class="crosses" { @for (x, y) in points {
            use href="#cross" x=(percentage(*x)) y=(percentage_from_top(*y)) {}
        } }
    }
}

/// A bar from the bottom, with a gap to its neighbours.
pub(crate) fn bar(class: &str, from: f64, to: f64, height: f64) -> Markup {
    let gap = (to - from) * 0.1;
    let height = if height.is_finite() { height.clamp(0.0, 1.0) } else { 0.0 };
    html! {
        @if height > 0.0 {
            rect class=(class) x=(percentage(from + gap)) width=(percentage(to - from - 2.0 * gap))
                y=(percentage_from_top(height)) height=(percentage(height)) {}
        }
    }
}

/// A dashed line between two points, for the boundary of a region.
pub(crate) fn boundary(from: (f64, f64), to: (f64, f64)) -> Markup {
    html! {
        line class="boundary" x1=(percentage(from.0)) y1=(percentage_from_top(from.1)) x2=(percentage(to.0))
            y2=(percentage_from_top(to.1)) {}
    }
}

//! A bar for the fraction of runs that failed or succeeded.

use corpus::RunCounts;
use maud::{Markup, html};

use crate::chart::coordinate::percentage;

/// The failure rate, with a mark at the lower end of its interval of 95 %.
pub(crate) fn failure_bar(counts: RunCounts, lower_bound: Option<f64>) -> Markup {
    bar("failed", counts.rate(), lower_bound)
}

/// The success rate.
pub(crate) fn success_bar(counts: RunCounts) -> Markup {
    bar("runs", 1.0 - counts.rate(), None)
}

/// The numbers beside the bar say the same, so it is hidden from screen readers.
fn bar(class: &str, rate: f64, mark: Option<f64>) -> Markup {
    html! {
        svg class="rate" width="100%" height="14" aria-hidden="true" focusable="false" {
            rect class="track" width="100%" height="14" {}
            rect class=(class) width=(percentage(rate)) height="14" {}
            @if let Some(mark) = mark {
                line class="bound" x1=(percentage(mark)) x2=(percentage(mark)) y1="0" y2="14" {}
            }
        }
    }
}

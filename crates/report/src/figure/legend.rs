//! The legend of a figure: a sample of each mark with its meaning.

use maud::{Markup, html};

/// A kind of mark.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LegendMark {
    FailedRun,
    OtherRun,
    FailedBar,
    RunsBar,
    Boundary,
}

/// Returns a legend.
pub(crate) fn legend(marks: &[(LegendMark, &str)]) -> Markup {
    html! {
        ul class="legend" { @for (mark, meaning) in marks { li { (sample(*mark)) " " (meaning) } } }
    }
}

fn sample(mark: LegendMark) -> Markup {
    html! {
        svg class="sample" width="18" height="12" viewBox="0 0 18 12" aria-hidden="true" focusable="false" {
            @match mark {
                LegendMark::FailedRun => g class="crosses" { use href="#cross" x="9" y="6" {} },
                LegendMark::OtherRun => path class="dots" d="M9 6h0" {},
                LegendMark::FailedBar => rect class="failed" width="18" height="12" {},
                LegendMark::RunsBar => rect class="runs" width="18" height="12" {},
                LegendMark::Boundary => line class="boundary" x1="0" x2="18" y1="6" y2="6" {},
            }
        }
    }
}

//! The frame of a chart: description, grid, axes and labels.

use maud::{Markup, html};

use super::coordinate::{percentage, percentage_from_top};
use super::scale::AxisTick;

/// A chart without its marks.
#[derive(Debug)]
pub(crate) struct ChartFrame<'a> {
    /// An id that is unique on the page.
    pub(crate) id: &'a str,
    /// A short name of the chart.
    pub(crate) title: &'a str,
    /// A sentence for people who do not see the chart.
    pub(crate) description: &'a str,
    /// The height in pixels.
    pub(crate) height: u32,
    pub(crate) x_ticks: &'a [AxisTick],
    pub(crate) x_label: &'a str,
    pub(crate) y_ticks: &'a [AxisTick],
    pub(crate) y_label: &'a str,
}

impl ChartFrame<'_> {
    /// Returns the chart with its marks.
    pub(crate) fn draw(&self, marks: &Markup) -> Markup {
        let (title, description) = (format!("{}-title", self.id), format!("{}-description", self.id));
        html! {
            @if !self.y_label.is_empty() { p class="y-label" aria-hidden="true" { (self.y_label) } }
            div class={ "plot" @if self.x_ticks.is_empty() { " bare" } } {
                svg class="chart" width="100%" height=(self.height) role="img" aria-labelledby=(title)
                    aria-describedby=(description) focusable="false" {
                    title id=(title) { (self.title) }
                    desc id=(description) { (self.description) }
                    g class="grid" { @for tick in self.y_ticks.iter().filter(|tick| is_inside(tick)) {
                        @let y = percentage_from_top(tick.position);
                        line x1="0" x2="100%" y1=(y) y2=(y) {}
                        text class="y" x="-6" y=(y) dy="0.35em" { (tick.label) }
                    } }
                    (marks)
                    line class="axis" x1="0" x2="100%" y1="100%" y2="100%" {}
                    g class="x-axis" {
                        @for (index, tick) in self.x_ticks.iter().filter(|tick| is_inside(tick)).enumerate() {
                            @let is_minor = index % 2 == 1 && self.x_ticks.len() > 3;
                            text class={ "x" (end_class(tick)) @if is_minor { " alternate" } }
                                x=(percentage(tick.position)) y="100%" dy="1.5em" { (tick.label) }
                        }
                    }
                }
            }
            @if !self.x_label.is_empty() { p class="x-label" aria-hidden="true" { (self.x_label) } }
        }
    }
}

fn is_inside(tick: &AxisTick) -> bool {
    (-0.001..=1.001).contains(&tick.position)
}

/// Labels near the ends of the axis end there, so that they do not leave the page.
fn end_class(tick: &AxisTick) -> &'static str {
    match tick.position {
        position if position > 0.95 => " last",
        position if position < 0.02 => " first",
        _ => "",
    }
}

//! An estimate as a line.

use std::io::Write;

use ::corpus::{RiskBasis, RiskEstimate};
use anyhow::Result;
use text::thousands;

use crate::corpus::risk_percent;
use crate::screen::{Screen, one_line, paint};

pub(super) fn write_json(estimate: &RiskEstimate, screen: &mut Screen) -> Result<()> {
    screen.write_json(&serde_json::to_string(estimate)?)?;
    Ok(writeln!(screen)?)
}

/// `risk 98.8 %: 1,150 of 1,163 runs with lambda > 37.2 failed`.
pub(super) fn summary(estimate: &RiskEstimate, screen: &Screen) -> String {
    let Some(risk) = estimate.risk else { return screen.paint(paint::STRONG, "risk unknown") };
    let (failed, runs) = (thousands(estimate.counts.failed), thousands(estimate.counts.runs));
    let conditions: Vec<String> = estimate.conditions.iter().map(ToString::to_string).collect();
    let basis = match estimate.by {
        RiskBasis::Rule => format!("{failed} of {runs} runs with {} failed", one_line(&conditions.join(" and "))),
        _ => format!("{failed} of {runs} comparable runs failed"),
    };
    format!("{}: {basis}", screen.paint(paint::STRONG, &format!("risk {}", risk_percent(risk))))
}

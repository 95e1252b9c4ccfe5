//! The number of runs and of failed runs.

use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// A number of runs, and how many of them failed.
///
/// ```
/// use tracing_failure_region::RunCounts;
///
/// let counts = RunCounts { failed: 381, runs: 386 };
/// assert_eq!(format!("{:.3} {:.3}", counts.rate(), counts.lower_bound()), "0.987 0.970");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Number of runs that failed.
    pub failed: u64,
    /// Number of runs.
    pub runs: u64,
}

/// The quantile of the normal distribution for a two-sided interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

impl RunCounts {
    /// Returns the fraction of runs that failed; NaN without runs.
    ///
    /// ```
    /// assert_eq!(tracing_failure_region::RunCounts { failed: 1, runs: 4 }.rate(), 0.25);
    /// ```
    pub fn rate(self) -> f64 {
        self.failed as f64 / self.runs as f64
    }

    /// Returns the lower end of Wilson's interval of 95 % for the failure rate; 0 without runs.
    ///
    /// Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc.
    /// 22 (1927) 209–212.
    ///
    /// ```
    /// assert_eq!(tracing_failure_region::RunCounts::default().lower_bound(), 0.0);
    /// ```
    pub fn lower_bound(self) -> f64 {
        if self.runs == 0 {
            return 0.0;
        }
        let (p, n) = (self.rate(), self.runs as f64);
        let centre = p + Z * Z / (2.0 * n);
        let margin = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((centre - margin) / (1.0 + Z * Z / n)).max(0.0)
    }
}

impl RunCounts {
    /// Returns the failure rate as text. It is never rounded to none or all.
    ///
    /// ```
    /// use tracing_failure_region::RunCounts;
    ///
    /// let percent = |failed, runs| RunCounts { failed, runs }.percent();
    /// assert_eq!([percent(1150, 1163), percent(53, 53), percent(9999, 10_000)], ["98.9 %", "100 %", "> 99.9 %"]);
    /// assert_eq!([percent(0, 7), percent(1, 100_000), percent(0, 0)], ["0 %", "< 0.1 %", "no runs"]);
    /// ```
    pub fn percent(self) -> String {
        let tenths = (self.rate() * 1000.0).round();
        if self.runs == 0 {
            "no runs".to_owned()
        } else if tenths < 1.0 && self.failed > 0 {
            "< 0.1 %".to_owned()
        } else if tenths >= 1000.0 && self.failed < self.runs {
            "> 99.9 %".to_owned()
        } else {
            format!("{} %", tenths / 10.0)
        }
    }
}

impl Add for RunCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        RunCounts { failed: self.failed + other.failed, runs: self.runs + other.runs }
    }
}

impl AddAssign for RunCounts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for RunCounts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        RunCounts { failed: self.failed.saturating_sub(other.failed), runs: self.runs.saturating_sub(other.runs) }
    }
}

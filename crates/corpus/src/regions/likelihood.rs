//! The evidence that runs fail more often inside a region than outside.

use region::RunCounts;

/// The evidence, in nats, that a rule must have beyond the cost of its conditions: a false rule in one of a hundred
/// searches.
pub(super) const MIN_EVIDENCE: f64 = 4.6;

/// Returns the log-likelihood ratio, in nats, of two failure rates (inside and outside) against one rate. It is
/// negative infinity unless runs fail more often inside.
///
/// Source: S. S. Wilks, The large-sample distribution of the likelihood ratio, Ann. Math. Stat. 9 (1938) 60–62.
pub(super) fn evidence(inside: RunCounts, all: RunCounts) -> f64 {
    let outside = all - inside;
    if inside.failed == 0 || inside.runs == 0 {
        return f64::NEG_INFINITY;
    }
    if outside.runs > 0 && inside.rate() <= outside.rate() {
        return f64::NEG_INFINITY;
    }
    log_likelihood(inside) + log_likelihood(outside) - log_likelihood(all)
}

/// The largest log-likelihood of a binomial sample: k ln(k/n) + (n − k) ln(1 − k/n).
pub(crate) fn log_likelihood(counts: RunCounts) -> f64 {
    let term = |k: f64, n: f64| if k > 0.0 { k * (k / n).ln() } else { 0.0 };
    let (failed, runs) = (counts.failed as f64, counts.runs as f64);
    term(failed, runs) + term(runs - failed, runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(failed: u64, runs: u64) -> RunCounts {
        RunCounts { failed, runs }
    }

    #[test]
    fn a_pure_region_has_more_evidence_than_a_mixed_one() {
        let all = counts(100, 1000);
        let pure = evidence(counts(100, 100), all);
        assert!(pure > evidence(counts(100, 150), all) && pure > evidence(counts(90, 90), all));
        // All evidence of the data: −n H(p).
        assert!((pure - 325.08).abs() < 0.01, "{pure}");
    }

    #[test]
    fn fewer_failures_than_outside_are_no_evidence() {
        assert_eq!(evidence(counts(1, 100), counts(100, 1000)), f64::NEG_INFINITY);
        assert_eq!(evidence(counts(0, 0), counts(0, 0)), f64::NEG_INFINITY);
        assert_eq!(evidence(counts(100, 1000), counts(100, 1000)), 0.0);
    }
}

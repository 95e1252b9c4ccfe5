//! Selects the parameters that rules can use, and divides their values into bins.

use super::bins::{ColumnBins, MAX_LABELS};
use super::counter::ParameterProfile;
use region::IgnoredParameter;
use region::Label;

/// Number of quantiles of the failed runs, and of all others, that become cuts.
const MAX_QUANTILES: usize = 48;
/// The last word of names whose numbers identify a run.
const IDENTIFIER_WORDS: [&str; 11] =
    ["id", "uuid", "seed", "run", "job", "task", "pid", "timestamp", "index", "hash", "trial"];

/// Returns the bins of the parameters that rules can use, and the other parameters with the reasons.
pub(super) fn divide(profiles: &[ParameterProfile]) -> (Vec<ColumnBins>, Vec<IgnoredParameter>) {
    let (mut bins, mut ignored) = (Vec::new(), Vec::new());
    for profile in profiles {
        match unusable_because(profile) {
            Some(reason) => {
                ignored.push(IgnoredParameter { parameter: profile.name.clone(), reason: reason.to_owned() });
            }
            None => bins.push(ColumnBins::new(&profile.name, cuts(profile), labels(profile))),
        }
    }
    (bins, ignored)
}

fn unusable_because(profile: &ParameterProfile) -> Option<&'static str> {
    let kinds = u64::from(profile.missing > 0)
        + u64::from(profile.not_finite > 0)
        + profile.distinct_numbers.min(2)
        + profile.labels.len() as u64;
    let has_only_texts = profile.numbers == 0 && profile.not_finite == 0;
    if kinds < 2 {
        Some("constant")
    } else if has_only_texts && profile.labels.len() > MAX_LABELS {
        Some("too many texts")
    } else if is_identifier(profile) {
        Some("identifier")
    } else {
        None
    }
}

/// Returns true for integers with many values under a name such as `seed` or `run_id`.
fn is_identifier(profile: &ParameterProfile) -> bool {
    let name = profile.name.to_lowercase();
    let last = name.rsplit(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
    IDENTIFIER_WORDS.contains(&last) && profile.are_integers && profile.distinct_numbers > MAX_LABELS as u64
}

fn labels(profile: &ParameterProfile) -> Vec<Label> {
    if profile.labels.len() > MAX_LABELS { Vec::new() } else { profile.labels.clone() }
}

/// The quantiles of the failed runs and of the others. A threshold between two cuts is found later.
fn cuts(profile: &ParameterProfile) -> Vec<f64> {
    let mut cuts: Vec<f64> = Vec::new();
    let mut largest = f64::NEG_INFINITY;
    for sample in &profile.samples {
        let mut sorted = sample.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        largest = largest.max(sorted.last().copied().unwrap_or(f64::NEG_INFINITY));
        let mut distinct = sorted.clone();
        distinct.dedup();
        if distinct.len() <= MAX_QUANTILES {
            cuts.extend(distinct);
        } else {
            cuts.extend((0..=MAX_QUANTILES).map(|index| sorted[index * (sorted.len() - 1) / MAX_QUANTILES]));
        }
    }
    cuts.sort_unstable_by(f64::total_cmp);
    cuts.dedup();
    // No number lies above the largest.
    cuts.retain(|&cut| cut < largest);
    cuts
}

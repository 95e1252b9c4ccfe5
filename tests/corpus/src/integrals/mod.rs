//! Integrals, series, sampling and statistics.

mod development;
mod held_out;
mod unseen;

use crate::case::Case;

pub(crate) fn cases() -> Vec<Case> {
    [development::cases(), held_out::cases(), unseen::cases()].into_iter().flatten().collect()
}

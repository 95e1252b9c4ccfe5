//! Ordinary and differential-algebraic equations.

mod development;
mod held_out;
mod implicit;
mod unseen;

use crate::case::Case;

pub(crate) fn cases() -> Vec<Case> {
    [development::cases(), implicit::cases(), held_out::cases(), unseen::cases()].into_iter().flatten().collect()
}

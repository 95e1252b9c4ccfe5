//! Distinguishes callsites of the program from those of its libraries.

use std::path::Path;

use tracing::Metadata;

/// Returns true if an event of this target belongs to the program whose computation has its span at `home`.
///
/// It does if both targets begin with the same crate, or if both were compiled in the same Cargo workspace. Cargo
/// passes relative paths to the compiler for crates of a workspace, and absolute paths for all others. A custom target
/// takes precedence over the path. The span of a run of a sweep is in this crate, but stands for the program.
pub(crate) fn is_in_app(meta: &Metadata<'_>, target: &str, home: &Metadata<'_>) -> bool {
    let has_its_own_target = || meta.module_path().is_some_and(|module| is_same_crate(module, target));
    let is_home_in_app = || is_in_workspace(home) || is_same_crate(home.target(), env!("CARGO_CRATE_NAME"));
    is_same_crate(target, home.target()) || (is_in_workspace(meta) && is_home_in_app() && has_its_own_target())
}

/// Returns true if two targets begin with the same crate.
pub(crate) fn is_same_crate(one: &str, other: &str) -> bool {
    crate_of(one) == crate_of(other)
}

fn crate_of(target: &str) -> &str {
    target.split(':').next().unwrap_or_default()
}

fn is_in_workspace(meta: &Metadata<'_>) -> bool {
    meta.file().is_some_and(|file| Path::new(file).is_relative())
}

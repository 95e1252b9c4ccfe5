//! `record_success`: states that a computation succeeded.

use crate::layer::layer_core::LayerCore;
use crate::observe::outcome::ComputationOutcome;

/// States that the innermost computation around the caller has succeeded. Its outcome in the runtime log is then `ok`.
///
/// A span that closes does not prove success, because an early return with `?`, a timeout or a cancelled task closes it
/// as well. Without a statement, the outcome is `unknown`. A computation with a recorded failure is `failed` in any
/// case.
///
/// For a function that returns a `Result`, use [`record_outcome`](crate::ResultExt::record_outcome), which states
/// success or failure. `#[instrument(ret)]` states success by itself.
///
/// ```
/// use tracing::info_span;
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-success-{}", std::process::id()));
/// # let guard = tracing_failure::init(&dir)?;
/// info_span!("solve", computation = "observable_mass", theoretical_ref = "§2.3").in_scope(|| {
///     // … the computation itself …
///     tracing_failure::record_success();
/// });
/// guard.flush();
///
/// let log = std::fs::read_to_string(guard.computation_log_path().unwrap())?;
/// assert!(log.contains(r#""outcome":"ok""#));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn record_success() {
    LayerCore::state_outcome(ComputationOutcome::Ok);
}

//! `trail!`: adds numbers to the trail.

/// Adds a row to the trail of the current computation. It is [`tracing::debug!`] with the same syntax, and needs no
/// message.
///
/// Pass numbers as they are. The trail does not keep formatted values (`?x`, `%x`).
///
/// ```
/// use tracing_failure::{Failure, trail};
///
/// # let io = std::env::temp_dir().join(format!("tracing-failure-trail-macro-{}", std::process::id()));
/// # let _guard = tracing_failure::init(&io)?;
/// tracing::info_span!("solve", computation = "observable_mass", theoretical_ref = "§2.3").in_scope(|| {
///     for iteration in 0..20 {
///         let residual = 0.5_f64.powi(iteration);
///         trail!(iteration, residual, dt = 1e-3);
///     }
///     tracing::error!("no convergence");
/// });
///
/// let failure = Failure::from_path(io.join("failures/latest.json"))?;
/// let residual = failure.context.trail[0].columns.get("residual").and_then(|column| column.as_list()).unwrap();
/// assert_eq!((residual.len(), &residual[1]), (20, &0.5.into()));
/// # std::fs::remove_dir_all(&io)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! trail {
    // `debug!` takes a single name for a message.
    ($name:ident $(,)?) => {
        $crate::__private::tracing::debug!($name,)
    };
    ($($fields:tt)+) => {
        $crate::__private::tracing::debug!($($fields)+)
    };
    () => {
        ::core::compile_error!("write the numbers of the row: `trail!(iteration, residual, dt = t1 - t0)`")
    };
}

//! What a record says, in words and lines for people, and nothing in it that a terminal would obey.

mod line;
mod place;
mod value;
mod varies;

use std::path::Path;

pub use line::{fit, fit_end, one_line, width, wrap};
pub use place::place_of;
pub use tracing_failure::terminal::{visible, visible_json};
pub use value::{brief, parameter};
pub use varies::Varies;

/// A file's name as it may be shown.
pub fn shown(path: &Path) -> String {
    one_line(&path.display().to_string()).into_owned()
}

/// A number of things: `1 record`, `3 records`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// What happened and why. What one cause says and the next repeats is said once.
pub fn in_words(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.as_str() {
        known if cause.contains(known) => cause,
        known if known.contains(&cause) => said,
        known => format!("{known}: {cause}"),
    })
}

//! Records go into a commit and to a git remote.

#[doc(inline)]
pub use ::publish::{Ignored, NotPushed, Outcome, Plan, PublishError, Published, Publisher, Secret, Skipped};

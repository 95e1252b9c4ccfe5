//! Limits of the requests to a bucket.

use std::time::Duration;

/// Limits of time and repetition.
///
/// ```
/// use tracing_failure_bucket::BucketOptions;
///
/// assert_eq!(BucketOptions::default().attempts, 6);
/// ```
#[derive(Clone, Debug)]
pub struct BucketOptions {
    /// Maximum number of requests for one operation, if the service is busy or the connection fails.
    pub attempts: u32,
    /// The delay before the second attempt. It doubles with each attempt.
    pub first_delay: Duration,
    /// Maximum delay between two attempts, also if the service asks for a longer one.
    pub max_delay: Duration,
    /// Maximum duration of one attempt. Large objects get a second more for each 256 KiB.
    pub timeout: Duration,
}

impl Default for BucketOptions {
    fn default() -> Self {
        BucketOptions {
            attempts: 6,
            first_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(20),
            timeout: Duration::from_secs(60),
        }
    }
}

//! Attempts and the delays between them.

use std::thread;
use std::time::Duration;

use crate::answer::Fault;
use crate::options::BucketOptions;

/// Repeats a request until it succeeds, fails for good, or the attempts are used up. The request receives the number of
/// earlier attempts.
pub(crate) fn with_retries<T>(
    options: &BucketOptions,
    mut request: impl FnMut(u32) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut earlier = 0;
    loop {
        let fault = match request(earlier) {
            Ok(answer) => return Ok(answer),
            Err(fault) => fault,
        };
        earlier += 1;
        if !fault.is_retryable || earlier >= options.attempts {
            return Err(fault);
        }
        thread::sleep(delay(options, earlier).max(fault.retry_after.unwrap_or_default().min(options.max_delay)));
    }
}

/// The delay after a number of attempts, with random jitter between half and all of it, so that programs that were
/// rejected together do not repeat together.
pub(crate) fn delay(options: &BucketOptions, attempts: u32) -> Duration {
    let factor = 2_u32.saturating_pow(attempts.saturating_sub(1));
    let delay = options.first_delay.saturating_mul(factor).min(options.max_delay);
    delay.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::BucketErrorKind;

    #[test]
    fn delays_grow_and_have_an_end() {
        let options = BucketOptions::default();
        for (attempts, max) in [(1, 200), (2, 400), (99, 20_000)] {
            let delay = delay(&options, attempts).as_millis();
            assert!((max / 2..=max).contains(&delay), "{attempts}: {delay}");
        }
    }

    #[test]
    fn only_temporary_faults_are_repeated() {
        let options = BucketOptions { attempts: 4, first_delay: Duration::ZERO, ..BucketOptions::default() };
        let count = |is_retryable: bool| {
            let mut attempts = 0;
            let result = with_retries(&options, |earlier| {
                assert_eq!(earlier, attempts);
                attempts += 1;
                Err::<(), _>(Fault { is_retryable, ..Fault::new(BucketErrorKind::Rejected, "") })
            });
            assert!(result.is_err());
            attempts
        };
        assert_eq!((count(true), count(false)), (4, 1));
    }
}

//! A bucket of a service whose answers each test states.

mod answers;
mod faults;
mod listings;
mod server;
mod writes;

use std::time::Duration;

use tracing_failure_bucket::{Bucket, BucketAccess, BucketError, BucketOptions};

const KEY: &str = "AKIAEXAMPLEKEY";
const SECRET: &str = "s3cret/+value";
const TOKEN: &str = "t0ken==";
const ATTEMPTS: u32 = 3;
const OBJECT: &str = "corpus/part 1.parquet";

/// The bucket `lab` at an address.
fn bucket_at(address: &str) -> Bucket {
    bucket_with_timeout(address, Duration::from_secs(20))
}

fn bucket_with_timeout(address: &str, timeout: Duration) -> Bucket {
    let access = BucketAccess::from_variables(|name| {
        let value = match name {
            "AWS_ACCESS_KEY_ID" => KEY,
            "AWS_SECRET_ACCESS_KEY" => SECRET,
            "AWS_SESSION_TOKEN" => TOKEN,
            "AWS_REGION" => "eu-north-1",
            "AWS_ENDPOINT_URL_S3" => address,
            _ => return None,
        };
        Some(value.to_owned())
    });
    let delay = Duration::from_millis(1);
    let options = BucketOptions { attempts: ATTEMPTS, first_delay: delay, max_delay: delay, timeout };
    Bucket::new(&"s3://lab/corpus".parse().unwrap(), access.unwrap(), options).unwrap()
}

/// The message of an error, which contains no credentials and no signature.
fn message(error: &BucketError) -> String {
    let message = error.to_string();
    let all = format!("{message} {error:?}");
    for secret in [KEY, SECRET, TOKEN, "t0ken", "X-Amz"] {
        assert!(!all.contains(secret), "{all}");
    }
    message
}

//! A real service, which `tests/s3/run` starts. The tests write below a prefix of their own.

use std::env;
use std::process;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use tracing_failure_bucket::{Bucket, BucketAccess, BucketErrorKind, BucketOptions, ObjectInfo, PutOutcome, S3Url};

/// A new prefix in the bucket.
fn place(name: &str) -> S3Url {
    let bucket = env::var("TRACING_FAILURE_TEST_BUCKET").expect("run tests/s3/run");
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    format!("s3://{bucket}/test-{time}-{}/{name}", process::id()).parse().unwrap()
}

fn open(url: &S3Url) -> Bucket {
    Bucket::new(url, BucketAccess::from_env().unwrap(), BucketOptions::default()).unwrap()
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn odd_keys_survive() {
    let url = place("odd");
    let bucket = open(&url);
    let mut expected = Vec::new();
    for name in ["plain", "a b", "ü/λ=1", "c=%2F", "p+q&r=s", "it's (x)!*,;:@$~", "x//y", "#?", "\"<>&\""] {
        let key = url.key_of(name);
        assert_eq!(bucket.head(&key).unwrap(), None, "{key}");
        assert_eq!(bucket.get(&key, 10).unwrap(), None, "{key}");
        assert_eq!(bucket.put_new(&key, name.as_bytes()).unwrap(), PutOutcome::Written, "{key}");
        let stored = bucket.get(&key, 100).unwrap().unwrap();
        assert_eq!(stored.content, name.as_bytes());
        assert_eq!(bucket.head(&key).unwrap().unwrap(), stored.info);
        assert!(stored.info.has_content(name.as_bytes()));
        expected.push(key);
    }
    let mut listed: Vec<_> = bucket.list(url.prefix()).unwrap().into_iter().map(|object| object.key).collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn conditions_hold() {
    let url = place("conditions");
    let bucket = open(&url);
    let key = url.key_of("part");
    let missing = ObjectInfo { etag: "\"0\"".to_owned(), size: 1, digest: Some("0".repeat(64)) };
    assert_eq!(bucket.replace(&key, b"0", &missing).unwrap(), PutOutcome::Conflict);
    assert_eq!(bucket.put_new(&key, b"1").unwrap(), PutOutcome::Written);
    assert_eq!(bucket.put_new(&key, b"2").unwrap(), PutOutcome::Conflict);
    let first = bucket.head(&key).unwrap().unwrap();
    assert_eq!(bucket.replace(&key, b"3", &first).unwrap(), PutOutcome::Written);
    assert_eq!(bucket.replace(&key, b"4", &first).unwrap(), PutOutcome::Conflict);
    assert_eq!(bucket.get(&key, 10).unwrap().unwrap().content, b"3");
    assert_eq!(bucket.get(&key, 0).unwrap_err().kind(), BucketErrorKind::TooLarge);
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn no_update_is_lost() {
    let url = place("counter");
    let key = url.key_of("counter");
    let count = |bucket: &Bucket| loop {
        let outcome = match bucket.get(&key, 100).unwrap() {
            None => bucket.put_new(&key, b"1").unwrap(),
            Some(stored) => {
                let number: u32 = String::from_utf8(stored.content).unwrap().parse().unwrap();
                bucket.replace(&key, (number + 1).to_string().as_bytes(), &stored.info).unwrap()
            }
        };
        if outcome == PutOutcome::Written {
            break;
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let bucket = open(&url);
                (0..10).for_each(|_| count(&bucket));
            });
        }
    });
    assert_eq!(open(&url).get(&key, 100).unwrap().unwrap().content, b"40");
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn long_listings_are_complete() {
    let url = place("long");
    let bucket = open(&url);
    thread::scope(|scope| {
        for start in 0..4 {
            let (url, bucket) = (&url, &bucket);
            scope.spawn(move || {
                for number in (start..1005).step_by(4) {
                    assert_eq!(bucket.put_new(&url.key_of(&format!("{number}")), b"").unwrap(), PutOutcome::Written);
                }
            });
        }
    });
    assert_eq!(bucket.list(url.prefix()).unwrap().len(), 1005);
    // A prefix is a directory.
    assert_eq!(bucket.list(&url.prefix()[..url.prefix().len() - 1]).unwrap(), []);
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn a_large_object_survives() {
    let url = place("large");
    let bucket = open(&url);
    let content: Vec<u8> = (0..20_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(bucket.put_new(&url.key_of("x"), &content).unwrap(), PutOutcome::Written);
    assert!(bucket.get(&url.key_of("x"), 20_000_000).unwrap().unwrap().content == content);
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn a_missing_bucket_is_named() {
    let url: S3Url = format!("s3://missing-{}/x", process::id()).parse().unwrap();
    let bucket = open(&url);
    for error in [bucket.put_new("x", b"").unwrap_err(), bucket.list("").unwrap_err(), bucket.get("x", 1).unwrap_err()]
    {
        assert_eq!(error.kind(), BucketErrorKind::NoSuchBucket, "{error}");
        assert!(error.to_string().contains(url.bucket()), "{error}");
    }
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn wrong_secrets_are_rejected() {
    let url = place("secret");
    let access = |secret: &str| {
        let value =
            |name: &str| if name == "AWS_SECRET_ACCESS_KEY" { Some(secret.to_owned()) } else { env::var(name).ok() };
        BucketAccess::from_variables(value).unwrap()
    };
    let put =
        |secret| Bucket::new(&url, access(secret), BucketOptions::default()).unwrap().put_new(&url.key_of("x"), b"x");
    let error = put("wrong-secret").unwrap_err();
    assert_eq!(error.kind(), BucketErrorKind::InvalidCredentials, "{error}");
    assert!(!error.to_string().contains("wrong-secret"), "{error}");
}

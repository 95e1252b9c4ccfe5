//! Parts in a bucket of a real service, which `tests/s3/run` starts.
#![cfg(feature = "s3")]

use std::env;
use std::io::{self, Write};
use std::process;

use tracing_failure_export::{BucketParts, PartContent, PartReplacement, PartSource, PartStore, StoredPart};

const NAME: &str = "computation=a%20b/date=2025-12-27/part-1.jsonl";

/// A new prefix in the bucket.
fn open(name: &str) -> BucketParts {
    let bucket = env::var("TRACING_FAILURE_TEST_BUCKET").expect("run tests/s3/run");
    let time = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    BucketParts::open(&format!("s3://{bucket}/export-{time}-{}/{name}/", process::id())).unwrap()
}

fn read(store: &BucketParts, name: &str) -> (Vec<u8>, String) {
    match store.read(name).unwrap().unwrap() {
        PartContent { source: PartSource::Bytes(content), version } => (content, version),
        other => panic!("{other:?}"),
    }
}

fn replace(store: &BucketParts, version: Option<&str>, content: &str) -> PartReplacement {
    store.replace(NAME, version, &mut |file| file.write_all(content.as_bytes())).unwrap()
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn parts_are_created_and_replaced() {
    let store = open("parts");
    assert_eq!(store.list().unwrap(), []);
    assert!(store.read(NAME).unwrap().is_none());
    assert_eq!(replace(&store, None, "old"), PartReplacement::Written);
    assert_eq!(replace(&store, None, "other"), PartReplacement::Conflict);
    let (content, version) = read(&store, NAME);
    assert_eq!(content, b"old");
    assert_eq!(replace(&store, Some(&version), "new"), PartReplacement::Written);
    assert_eq!(replace(&store, Some(&version), "late"), PartReplacement::Conflict);
    assert_eq!(read(&store, NAME).0, b"new");
    assert_eq!(store.list().unwrap(), [StoredPart { name: NAME.to_owned(), bytes: 3 }]);
    assert!(store.address().starts_with("s3://") && store.address().ends_with("/parts"));
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn a_failed_write_leaves_the_old_part() {
    let store = open("failed");
    assert_eq!(replace(&store, None, "old"), PartReplacement::Written);
    let (_, version) = read(&store, NAME);
    let failing = &mut |file: &mut (dyn Write + Send)| {
        file.write_all(b"new")?;
        Err(io::Error::other("stopped"))
    };
    assert_eq!(store.replace(NAME, Some(&version), failing).unwrap_err().to_string(), "stopped");
    assert_eq!(read(&store, NAME).0, b"old");
}

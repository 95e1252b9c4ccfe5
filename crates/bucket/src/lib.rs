//! The objects of a bucket of any S3 service: read, list, and write without overwriting the work of others.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure). Its interface may change in any release.
//!
//! Each written object carries the SHA-256 of its content as metadata. The metadata marks the objects that
//! tracing-failure has written, and shows that an object is damaged.
//!
//! ```no_run
//! use tracing_failure_bucket::{Bucket, BucketAccess, BucketOptions, PutOutcome, S3Url};
//!
//! let url: S3Url = "s3://lab/corpus".parse()?;
//! let bucket = Bucket::new(&url, BucketAccess::from_env()?, BucketOptions::default())?;
//! let key = url.key_of("part-1.jsonl");
//! if bucket.put_new(&key, b"{}\n")? == PutOutcome::Conflict {
//!     println!("{key} exists");
//! }
//! for object in bucket.list(url.prefix())? {
//!     println!("{} has {} bytes", object.key, object.size);
//! }
//! # Ok::<(), tracing_failure_bucket::BucketError>(())
//! ```

mod access;
mod answer;
mod client;
mod error;
mod error_document;
mod options;
mod retry;
mod s3_url;
mod secrets;
mod stored;
mod transport;

pub use access::BucketAccess;
pub use client::Bucket;
pub use error::{BucketError, BucketErrorKind};
pub use options::BucketOptions;
pub use s3_url::S3Url;
pub use stored::{ListedObject, ObjectInfo, PutOutcome, StoredObject};

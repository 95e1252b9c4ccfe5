//! A bucket with exported files.

use std::io;

use bucket::{Bucket, BucketAccess, BucketOptions, ObjectInfo, PutOutcome, S3Url};

use super::part_store::{PartContent, PartReplacement, PartSource, PartStore, StoredPart, WritePart};

/// Maximum size of a part that is read. It has to fit into memory.
const MAX_PART_BYTES: u64 = 2 << 30;
/// The digest of an object that another program has written.
const NO_DIGEST: &str = "-";

/// A place for exported files in a bucket of an S3 service.
///
/// Parts of other programs are readable, but not replaced. A part with the same content is not written again.
#[derive(Debug)]
pub struct BucketParts {
    url: S3Url,
    bucket: Bucket,
}

impl BucketParts {
    /// Prepares the access to the place of an address, `s3://bucket/prefix`, with the settings in the environment. It
    /// sends no request.
    ///
    /// # Errors
    ///
    /// If the address or a setting is not valid, or if there are no credentials.
    ///
    /// ```
    /// use tracing_failure_export::BucketParts;
    ///
    /// let error = BucketParts::open("s3a://lab/corpus").unwrap_err();
    /// assert!(error.to_string().contains("s3://bucket/prefix"), "{error}");
    /// ```
    pub fn open(url: &str) -> io::Result<Self> {
        let url: S3Url = url.parse().map_err(io::Error::other)?;
        let access = BucketAccess::from_env().map_err(io::Error::other)?;
        let bucket = Bucket::new(&url, access, BucketOptions::default()).map_err(io::Error::other)?;
        Ok(BucketParts { url, bucket })
    }

    /// Returns true if a text is the address of a bucket rather than a path.
    ///
    /// ```
    /// use tracing_failure_export::BucketParts;
    ///
    /// assert!(BucketParts::is_address("s3://lab/corpus") && !BucketParts::is_address("corpus"));
    /// ```
    pub fn is_address(text: &str) -> bool {
        S3Url::is_s3(text)
    }
}

impl PartStore for BucketParts {
    fn address(&self) -> String {
        self.url.to_string()
    }

    fn list(&self) -> io::Result<Vec<StoredPart>> {
        let prefix = self.url.key_of("");
        let objects = self.bucket.list(self.url.prefix()).map_err(io::Error::other)?;
        let parts = objects.into_iter().filter_map(|object| {
            let name = object.key.strip_prefix(&prefix)?.to_owned();
            Some(StoredPart { name, bytes: object.size })
        });
        let mut parts: Vec<StoredPart> = parts.collect();
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(parts)
    }

    fn read(&self, name: &str) -> io::Result<Option<PartContent>> {
        let object = self.bucket.get(&self.url.key_of(name), MAX_PART_BYTES).map_err(io::Error::other)?;
        Ok(object
            .map(|object| PartContent { version: version_of(&object.info), source: PartSource::Bytes(object.content) }))
    }

    fn replace(&self, name: &str, version: Option<&str>, write: &mut WritePart<'_>) -> io::Result<PartReplacement> {
        let key = self.url.key_of(name);
        let mut content = Vec::new();
        write(&mut content)?;
        let outcome = match version {
            None => self.bucket.put_new(&key, &content),
            Some(version) => self.bucket.replace(&key, &content, &object_of(version)?),
        };
        match outcome.map_err(io::Error::other)? {
            PutOutcome::Written => Ok(PartReplacement::Written),
            PutOutcome::Conflict => Ok(PartReplacement::Conflict),
        }
    }
}

/// The digest is a part of the version, because the bucket replaces only objects that have one.
fn version_of(object: &ObjectInfo) -> String {
    format!("{} {} {}", object.size, object.digest.as_deref().unwrap_or(NO_DIGEST), object.etag)
}

fn object_of(version: &str) -> io::Result<ObjectInfo> {
    let mut words = version.splitn(3, ' ');
    let mut word = || words.next().ok_or(io::ErrorKind::InvalidInput);
    let size = word()?.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    let digest = Some(word()?).filter(|digest| *digest != NO_DIGEST).map(str::to_owned);
    Ok(ObjectInfo { etag: word()?.to_owned(), size, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_keep_the_object() {
        for digest in [None, Some("0".repeat(64))] {
            let object = ObjectInfo { etag: "\"a b\"".to_owned(), size: 7, digest };
            assert_eq!(object_of(&version_of(&object)).unwrap(), object);
        }
        for version in ["", "7", "x - e", "7 -"] {
            assert!(object_of(version).is_err(), "{version}");
        }
    }
}

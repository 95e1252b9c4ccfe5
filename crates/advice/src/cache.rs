//! The cache of answers: a model is asked once per fingerprint.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use record::internal::write_whole;
use record::{Durability, Failure};
use serde::{Deserialize, Serialize};

use crate::advice::Advice;
use crate::models::{Answer, Model};
use crate::prompt::digest;

/// Maximum size of a cached answer.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The directory of the cache. Readers of records ignore it.
const DIR_NAME: &str = ".suggestions";

/// The cached answers of a directory of records.
pub(crate) struct AnswerCache {
    dir: PathBuf,
}

/// The content of a cache file.
#[derive(Serialize, Deserialize)]
struct CacheEntry {
    #[serde(flatten)]
    advice: Advice,
    /// Digest of the other fields. It detects edited files.
    #[serde(default)]
    digest: String,
}

impl AnswerCache {
    /// The cache in a directory of records.
    pub(crate) fn of(failures: &Path) -> Self {
        AnswerCache { dir: failures.join(DIR_NAME) }
    }

    /// Returns the answer of this model for the fingerprint of the failure. A file that is unreadable, edited or not a
    /// valid answer is ignored.
    pub(crate) fn get(&self, failure: &Failure, model: &Model) -> Option<Advice> {
        let file = self.file(failure, model);
        let is_file =
            fs::symlink_metadata(&file).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE_BYTES);
        let CacheEntry { advice, digest } = serde_json::from_slice(&is_file.then(|| fs::read(file).ok())??).ok()?;
        let answer = Answer::parse(&serde_json::to_string(&advice.answer).ok()?).ok()?;
        let is_unchanged = digest == advice_digest(&advice).ok()? && advice.provider == model.provider();
        is_unchanged.then(|| Advice { answer: answer.map(|text| model.without_key(text)), is_cached: true, ..advice })
    }

    pub(crate) fn put(&self, failure: &Failure, model: &Model, advice: &Advice) -> Result<()> {
        let path = self.file(failure, model);
        let mut json =
            serde_json::to_vec_pretty(&CacheEntry { advice: advice.clone(), digest: advice_digest(advice)? })?;
        json.push(b'\n');
        if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            bail!("cannot write {}: it exists and is not a regular file", path.display());
        }
        fs::create_dir_all(&self.dir).with_context(|| format!("cannot write {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Other threads and processes may write the same file.
        write_whole(&self.dir, &name, &json, Durability::Process)?;
        Ok(())
    }

    /// Saves an invalid reply and returns its path.
    pub(crate) fn save_raw(&self, text: &str) -> Result<PathBuf> {
        let path = self.dir.join(format!("raw_{}.txt", record::time::now().format("%Y%m%dT%H%M%S%.6fZ")));
        let saved = fs::create_dir_all(&self.dir).and_then(|()| File::create_new(&path)?.write_all(text.as_bytes()));
        saved.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// The path of an answer. The fingerprint is hashed, because a record may contain any text there.
    fn file(&self, failure: &Failure, model: &Model) -> PathBuf {
        let of = digest(&[&failure.fingerprint(), model.provider(), model.name(), &model.base_url()]);
        self.dir.join(format!("{}.json", &of[..32]))
    }
}

fn advice_digest(advice: &Advice) -> Result<String> {
    Ok(digest(&[&serde_json::to_string(advice)?]))
}

//! Answers that were given before: a model is asked once for each fingerprint.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use record::Failure;
use serde::{Deserialize, Serialize};

use crate::advice::Advice;
use crate::models::{Answer, Model};
use crate::prompt::digest;

/// A larger file is no answer.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// A directory beside the records, which readers of those pass over.
const DIR_NAME: &str = ".suggestions";

pub(crate) struct Cache {
    dir: PathBuf,
}

/// An answer in its file.
#[derive(Serialize, Deserialize)]
struct CacheEntry {
    #[serde(flatten)]
    advice: Advice,
    /// A digest of all else. It shows whether the file was edited after the model answered.
    #[serde(default)]
    digest: String,
}

impl Cache {
    /// Of the records in this directory.
    pub(crate) fn of(failures: &Path) -> Self {
        Cache { dir: failures.join(DIR_NAME) }
    }

    /// What this model said of failures with this fingerprint. What cannot be read, was edited, or would not be accepted from
    /// the model either, is asked again.
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
        // Other threads and processes may be writing the same.
        let temporary = path.with_extension(format!("{}.{:016x}.tmp", std::process::id(), fastrand::u64(..)));
        let write = || {
            fs::create_dir_all(&self.dir)?;
            if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
                return Err(io::Error::other("what is there is not an ordinary file"));
            }
            File::create_new(&temporary)?.write_all(&json)?;
            fs::rename(&temporary, &path)
        };
        write()
            .inspect_err(|_| drop(fs::remove_file(&temporary)))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Keeps a text that is no answer, and returns its file.
    pub(crate) fn save_raw(&self, text: &str) -> Result<PathBuf> {
        let path = self.dir.join(format!("raw_{}.txt", record::time::now().format("%Y%m%dT%H%M%S%.6fZ")));
        let saved = fs::create_dir_all(&self.dir).and_then(|()| File::create_new(&path)?.write_all(text.as_bytes()));
        saved.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Fingerprints come from records, which may say anything there.
    fn file(&self, failure: &Failure, model: &Model) -> PathBuf {
        let of = digest(&[&failure.fingerprint(), model.provider(), model.name(), &model.base_url()]);
        self.dir.join(format!("{}.json", &of[..32]))
    }
}

fn advice_digest(advice: &Advice) -> Result<String> {
    Ok(digest(&[&serde_json::to_string(advice)?]))
}

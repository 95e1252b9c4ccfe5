//! The place of an exported Parquet file.

use std::path::{Path, PathBuf};

use crate::store::part_store::{PartStore, StoredPart};

/// A file, or a part of a store.
pub(crate) enum PartPlace<'a> {
    File(&'a Path),
    Stored(&'a dyn PartStore, StoredPart),
}

impl PartPlace<'_> {
    /// The path or the address, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        match self {
            PartPlace::File(path) => path.to_path_buf(),
            PartPlace::Stored(store, part) => PathBuf::from(format!("{}/{}", store.address(), part.name)),
        }
    }
}

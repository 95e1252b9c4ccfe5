//! The file in which regions are saved: `regions.json` next to the records.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use record::Durability;
use record::internal::{read_bounded, write_whole};
use serde::{Deserialize, Serialize};

use crate::region::{Region, RegionReport};

/// The name of the file.
pub const FILE_NAME: &str = "regions.json";
/// The version of its format.
const VERSION: u32 = 1;
/// Maximum size of the file. A failing computation waits for reading it.
const MAX_BYTES: usize = 1 << 20;

/// The regions of several computations, as a file next to the records contains them.
///
/// ```
/// use tracing_failure_region::{Region, RegionReport, SavedRegions};
///
/// # let dir = tempfile::tempdir()?;
/// let mut report = RegionReport::default();
/// report.computation = "rg_flow".to_owned();
/// report.rules.push(Region::default());
/// SavedRegions::new(vec![report]).write(dir.path())?;
///
/// let saved = SavedRegions::read(dir.path())?;
/// assert_eq!(saved.of("rg_flow").count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedRegions {
    /// The version of the format.
    pub version: u32,
    /// The time at which the regions were saved.
    pub saved: DateTime<Utc>,
    /// The regions of each computation.
    pub reports: Vec<RegionReport>,
}

impl SavedRegions {
    /// Creates the content of a file that is saved now.
    ///
    /// ```
    /// assert_eq!(tracing_failure_region::SavedRegions::new(vec![]).version, 1);
    /// ```
    pub fn new(reports: Vec<RegionReport>) -> Self {
        SavedRegions { version: VERSION, saved: record::time::now(), reports }
    }

    /// Reads the file of a directory, of at most 1 MiB.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has another format or a newer version.
    ///
    /// ```
    /// use tracing_failure_region::SavedRegions;
    ///
    /// assert!(SavedRegions::read("no such directory".as_ref()).is_err());
    /// ```
    pub fn read(dir: &Path) -> io::Result<Self> {
        let json = read_bounded(&dir.join(FILE_NAME))?;
        if json.len() > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than 1 MiB"));
        }
        let saved: SavedRegions = serde_json::from_slice(&json)?;
        if saved.version > VERSION {
            let message = format!("its version is {}, and this program reads versions up to {VERSION}", saved.version);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(saved)
    }

    /// Writes the file of a directory. It is replaced as a whole or stays as it is.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    ///
    /// ```
    /// use tracing_failure_region::SavedRegions;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// SavedRegions::new(vec![]).write(dir.path())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        write_whole(dir, FILE_NAME, &serde_json::to_vec_pretty(self)?, Durability::Process)?;
        Ok(())
    }

    /// Returns the regions of a computation.
    ///
    /// ```
    /// assert_eq!(tracing_failure_region::SavedRegions::default().of("rg_flow").count(), 0);
    /// ```
    pub fn of(&self, computation: &str) -> impl Iterator<Item = &Region> {
        let reports = self.reports.iter().filter(move |report| report.computation == computation);
        reports.flat_map(|report| &report.rules)
    }
}

//! The file in which regions are saved: `regions.jsonl` next to the records, one line per computation.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use record::Durability;
use record::internal::{read_bounded, write_whole};
use serde::{Deserialize, Serialize};

use crate::region::{Region, RegionReport};

/// The name of the file. Readers of records read `*.json` only.
pub const FILE_NAME: &str = "regions.jsonl";
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
/// let mut saved = SavedRegions::default();
/// saved.replace(&report);
/// saved.write(dir.path())?;
///
/// assert_eq!(SavedRegions::read(dir.path())?.of("rg_flow").count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SavedRegions {
    lines: Vec<SavedReport>,
}

/// A line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedReport {
    version: u32,
    /// The time at which the regions were saved.
    saved: DateTime<Utc>,
    #[serde(flatten)]
    report: RegionReport,
}

impl SavedRegions {
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
        let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
        let json = read_bounded(&dir.join(FILE_NAME))?;
        if json.len() > MAX_BYTES {
            return Err(invalid("it is larger than 1 MiB".to_owned()));
        }
        let lines = serde_json::Deserializer::from_slice(&json).into_iter().collect::<Result<Vec<SavedReport>, _>>()?;
        match lines.iter().find(|line| line.version > VERSION) {
            Some(line) => {
                let version = line.version;
                Err(invalid(format!("its version is {version}, and this program reads versions up to {VERSION}")))
            }
            None => Ok(SavedRegions { lines }),
        }
    }

    /// Replaces the regions of a computation.
    ///
    /// ```
    /// use tracing_failure_region::{RegionReport, SavedRegions};
    ///
    /// let mut saved = SavedRegions::default();
    /// saved.replace(&RegionReport::default());
    /// ```
    pub fn replace(&mut self, report: &RegionReport) {
        self.lines.retain(|line| line.report.computation != report.computation);
        self.lines.push(SavedReport { version: VERSION, saved: record::time::now(), report: report.clone() });
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
    /// SavedRegions::default().write(dir.path())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let mut json = Vec::new();
        for line in &self.lines {
            serde_json::to_writer(&mut json, line)?;
            json.push(b'\n');
        }
        write_whole(dir, FILE_NAME, &json, Durability::Process)?;
        Ok(())
    }

    /// Returns the regions of a computation.
    ///
    /// ```
    /// assert_eq!(tracing_failure_region::SavedRegions::default().of("rg_flow").count(), 0);
    /// ```
    pub fn of(&self, computation: &str) -> impl Iterator<Item = &Region> {
        let lines = self.lines.iter().filter(move |line| line.report.computation == computation);
        lines.flat_map(|line| &line.report.rules)
    }
}

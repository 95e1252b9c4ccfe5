//! The regions that a recorder compares its failures with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use record::Map;
use runtime::lock::Renewable;

use crate::cell::Cell;
use crate::flat::flat_parameters;
use crate::region::Region;
use crate::saved::{FILE_NAME, SavedRegions};

/// The file of saved regions in a directory, and its cached content.
///
/// ```
/// use record::Map;
/// use tracing_failure_region::RegionFile;
///
/// let regions = RegionFile::new("no such directory".as_ref());
/// assert!(regions.region_of("rg_flow", &Map::default()).is_none());
/// ```
#[derive(Debug)]
pub struct RegionFile {
    dir: PathBuf,
    cache: Renewable<RegionCache>,
}

#[derive(Debug, Default)]
struct RegionCache {
    /// Modification time and length of the file when it was read.
    file_state: Option<(SystemTime, u64)>,
    regions: Arc<SavedRegions>,
}

impl RegionFile {
    /// Describes the file of a directory. It is read when it is needed.
    ///
    /// ```
    /// let regions = tracing_failure_region::RegionFile::new("io/failures".as_ref());
    /// # drop(regions);
    /// ```
    pub fn new(dir: &Path) -> Self {
        RegionFile { dir: dir.to_owned(), cache: Renewable::default() }
    }

    /// Returns the region that contains these parameters; of several, the one with the highest failure rate. Returns
    /// none if the file is missing or damaged: a failing computation must be recorded all the same.
    ///
    /// ```
    /// use record::Map;
    /// use tracing_failure_region::{CellTest, Region, RegionFile, RegionReport, RuleCondition, SavedRegions};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let mut region = Region::default();
    /// region.conditions = vec![RuleCondition { parameter: "lambda".to_owned(), test: CellTest::Greater(37.2) }];
    /// let mut report = RegionReport::default();
    /// (report.computation, report.rules) = ("rg_flow".to_owned(), vec![region]);
    /// let mut saved = SavedRegions::default();
    /// saved.replace(&report);
    /// saved.write(dir.path())?;
    ///
    /// let regions = RegionFile::new(dir.path());
    /// assert!(regions.region_of("rg_flow", &Map::from_iter([("lambda", 41.0)])).is_some());
    /// assert!(regions.region_of("rg_flow", &Map::from_iter([("lambda", 37.0)])).is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn region_of(&self, computation: &str, parameters: &Map) -> Option<Region> {
        let saved = self.saved()?;
        let mut regions = saved.of(computation).filter(|region| !region.conditions.is_empty()).peekable();
        regions.peek()?;
        let flat = flat_parameters(parameters);
        let cell = |name: &str| flat.iter().find(|(known, _)| known == name).map_or(Cell::Missing, |entry| entry.1);
        let matching = regions.filter(|region| region.matches(cell));
        matching.max_by(|a, b| a.counts.lower_bound().total_cmp(&b.counts.lower_bound())).cloned()
    }

    /// The content of the file. It is read again when it has changed.
    fn saved(&self) -> Option<Arc<SavedRegions>> {
        let metadata = std::fs::metadata(self.dir.join(FILE_NAME)).ok().filter(std::fs::Metadata::is_file)?;
        let state = (metadata.modified().ok()?, metadata.len());
        let mut cache = self.cache.lock()?;
        if cache.file_state != Some(state) {
            cache.regions = Arc::new(SavedRegions::read(&self.dir).unwrap_or_default());
            cache.file_state = Some(state);
        }
        Some(Arc::clone(&cache.regions))
    }
}

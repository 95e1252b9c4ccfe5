//! Writes one part, merged with the part that exists.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use crate::error::ExportError;
use crate::formats::format::ExportFormat;
#[cfg(feature = "parquet")]
use crate::formats::parquet_writer;
use crate::formats::{csv, json_lines};
use crate::rows::merge::{merge, plan_merge};
use crate::rows::part_rows::PartRows;
use crate::store::part_store::{PartReplacement, PartStore};
use crate::stored_part::read_stored;

/// Maximum number of attempts if other exports replace the same part.
const MAX_ATTEMPTS: u32 = 20;
/// Maximum pause before the second attempt. It doubles with each attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Writes parts of one computation.
pub(crate) struct PartWriter<'a> {
    pub(crate) store: &'a dyn PartStore,
    pub(crate) format: ExportFormat,
    pub(crate) computation: &'a str,
}

/// The size of a written part.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WrittenPart {
    pub(crate) bytes: u64,
    /// Number of runs of the old part that the corpus does not contain.
    pub(crate) kept_runs: usize,
}

impl PartWriter<'_> {
    /// Creates a part, or replaces it by its new rows and those that only the old part has.
    pub(crate) fn write(
        &self,
        name: &str,
        rows: &PartRows<'_>,
        add_rows: &mut dyn FnMut(usize) -> io::Result<()>,
    ) -> Result<WrittenPart, ExportError> {
        let store_error = |error| ExportError::Store { address: self.store.address(), error };
        let read = |only_ids| {
            let Some(part) = self.store.read(name).map_err(store_error)? else { return Ok(None) };
            let stored = read_stored(part.source, name, self.format, self.computation, only_ids)?;
            Ok(Some((part.version, stored)))
        };
        for attempt in 0..MAX_ATTEMPTS {
            if attempt > 0 {
                pause(attempt);
            }
            let Some((mut version, mut stored)) = read(true)? else {
                match self.replace(name, None, rows, add_rows).map_err(store_error)? {
                    Some(bytes) => return Ok(WrittenPart { bytes, kept_runs: 0 }),
                    None => continue,
                }
            };
            let mut plan = plan_merge(rows, &stored);
            if !plan.is_replacement() && self.format == ExportFormat::Parquet {
                let Some((full_version, full)) = read(false)? else { continue };
                (version, stored) = (full_version, full);
                plan = plan_merge(rows, &stored);
            }
            let replaced = match plan.is_replacement() {
                true => self.replace(name, Some(&version), rows, add_rows),
                false => self.replace(name, Some(&version), &merge(rows, &stored, &plan), add_rows),
            };
            if let Some(bytes) = replaced.map_err(store_error)? {
                return Ok(WrittenPart { bytes, kept_runs: plan.kept_runs });
            }
        }
        Err(ExportError::Contended(name.to_owned()))
    }

    /// Returns the number of bytes, or `None` if the part has another version by now.
    fn replace(
        &self,
        name: &str,
        version: Option<&str>,
        rows: &PartRows<'_>,
        add_rows: &mut dyn FnMut(usize) -> io::Result<()>,
    ) -> io::Result<Option<u64>> {
        let mut bytes = 0;
        let write = &mut |file: &mut (dyn Write + Send)| {
            let mut file = CountedWrite { file, bytes: 0 };
            match self.format {
                #[cfg(feature = "parquet")]
                ExportFormat::Parquet => parquet_writer::write(rows, self.computation, &mut file, add_rows)?,
                #[cfg(not(feature = "parquet"))]
                ExportFormat::Parquet => return Err(io::Error::other("this build cannot write Parquet")),
                ExportFormat::JsonLines => json_lines::write(rows, &mut file, add_rows)?,
                ExportFormat::Csv => csv::write(rows, &mut file, add_rows)?,
            }
            bytes = file.bytes;
            Ok(())
        };
        let replacement = self.store.replace(name, version, write)?;
        Ok((replacement == PartReplacement::Written).then_some(bytes))
    }
}

/// Waits for a random time, so that exports that collided do not collide again.
fn pause(attempt: u32) {
    let longest = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(MAX_PAUSE);
    thread::sleep(longest.mul_f64(fastrand::f64()));
}

struct CountedWrite<'a> {
    file: &'a mut (dyn Write + Send),
    bytes: u64,
}

impl Write for CountedWrite<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.file.write(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

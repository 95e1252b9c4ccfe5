//! Reading lines with bounded memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result};

/// Maximum length of a line.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// Iterates over the lines of a file. Lines that are too long are `None`; empty lines are skipped.
pub(super) struct LogLines(BufReader<File>);

impl LogLines {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(LogLines(BufReader::new(file)))
    }

    fn read(&mut self) -> io::Result<Option<Option<String>>> {
        let mut line = Vec::new();
        self.0.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let is_too_long = !line.ends_with(b"\n") && line.len() as u64 == MAX_LINE_BYTES;
        while is_too_long && !line.ends_with(b"\n") && !line.is_empty() {
            line.clear();
            self.0.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        }
        Ok(Some((!is_too_long).then(|| String::from_utf8_lossy(&line).trim_end().to_owned())))
    }
}

impl Iterator for LogLines {
    type Item = io::Result<Option<String>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read().transpose()? {
                Ok(Some(line)) if line.is_empty() => {}
                line => return Some(line),
            }
        }
    }
}

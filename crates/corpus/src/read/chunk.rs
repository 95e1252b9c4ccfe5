//! Reads log files in chunks of whole lines.

use std::fs::File;
use std::io::{self, Read, Take};

use memchr::{memchr, memrchr};
use record::internal::open_ordinary;

use super::log_source::LogSource;

/// Number of bytes that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// Maximum length of a line. Longer lines are skipped.
pub(super) const MAX_LINE_BYTES: usize = 16 << 20;

/// Some lines of a log file.
#[derive(Debug, Default)]
pub(super) struct LogChunk {
    /// The index of the file.
    pub(super) log: usize,
    pub(super) text: Vec<u8>,
    /// Number of bytes of the file that the chunk stands for.
    pub(super) bytes: u64,
    /// True if only some lines of the file are closing lines.
    pub(super) is_mixed: bool,
    /// True if the chunk stands for a line that is too long.
    pub(super) is_long_line: bool,
    /// The reason why the rest of the file is not readable.
    pub(super) unreadable: Option<io::Error>,
}

/// Reads files one after the other.
pub(super) struct ChunkReader<'a> {
    logs: &'a [LogSource],
    /// The index of the present file.
    log: usize,
    file: Option<Take<File>>,
    /// The beginning of a line whose end is not read yet.
    rest: Vec<u8>,
}

impl<'a> ChunkReader<'a> {
    pub(super) fn new(logs: &'a [LogSource]) -> Self {
        ChunkReader { logs, log: 0, file: None, rest: Vec::new() }
    }

    /// Returns the next chunk. An unreadable file makes a chunk with the error.
    pub(super) fn next_chunk(&mut self) -> Option<LogChunk> {
        loop {
            let source = self.logs.get(self.log)?;
            let chunk = LogChunk { log: self.log, is_mixed: source.is_mixed, ..LogChunk::default() };
            match self.read_chunk(source, chunk) {
                Ok(Some(chunk)) => return Some(chunk),
                Ok(None) => self.next_file(),
                Err(error) => {
                    let chunk = LogChunk { log: self.log, unreadable: Some(error), ..LogChunk::default() };
                    self.next_file();
                    return Some(chunk);
                }
            }
        }
    }

    fn next_file(&mut self) {
        self.file = None;
        self.log += 1;
        self.rest.clear();
    }

    fn read_chunk(&mut self, source: &LogSource, mut chunk: LogChunk) -> io::Result<Option<LogChunk>> {
        let file = match &mut self.file {
            Some(file) => file,
            // A program may append lines meanwhile. They would make the result depend on the speed of the reader.
            None => self.file.insert(open_ordinary(File::options().read(true), &source.path)?.take(source.bytes)),
        };
        chunk.text = std::mem::take(&mut self.rest);
        loop {
            let before = chunk.text.len();
            chunk.text.reserve(CHUNK_BYTES);
            if file.take(CHUNK_BYTES as u64).read_to_end(&mut chunk.text)? == 0 {
                chunk.bytes = before as u64;
                return Ok(Some(chunk).filter(|chunk| !chunk.text.is_empty()));
            }
            if let Some(newline) = memrchr(b'\n', &chunk.text[before..]) {
                let end = before + newline + 1;
                self.rest = chunk.text[end..].to_vec();
                chunk.text.truncate(end);
                chunk.bytes = end as u64;
                return Ok(Some(chunk));
            }
            if chunk.text.len() > MAX_LINE_BYTES {
                chunk.bytes = chunk.text.len() as u64 + skip_line(file, &mut self.rest)?;
                (chunk.text, chunk.is_long_line) = (Vec::new(), true);
                return Ok(Some(chunk));
            }
        }
    }
}

/// Skips the rest of a line. Bytes of the next line go into `rest`. Returns the number of skipped bytes.
fn skip_line(file: &mut impl Read, rest: &mut Vec<u8>) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        rest.clear();
        let count = file.by_ref().take(CHUNK_BYTES as u64).read_to_end(rest)?;
        let line_end = memchr(b'\n', rest).map(|newline| newline + 1);
        skipped += line_end.unwrap_or(count) as u64;
        if line_end.is_some() || count == 0 {
            rest.drain(..line_end.unwrap_or(0));
            return Ok(skipped);
        }
    }
}

//! Recognises log files that are copies of others, which several hosts may have.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use record::internal::open_ordinary;

use super::log_source::LogSource;

/// Number of bytes at the beginning and at the end of a file that are compared.
const COMPARED_BYTES: u64 = 4096;

/// Removes copies, and returns their number. A copy of a file that a program still wrote to is shorter than its
/// original: the longest one stays.
///
/// The first line of a log contains a time and a session. Two files with the same first line, and the same bytes at the
/// end of the shorter one, are copies, unless their names differ in more than an addition such as ` (1)`.
pub(super) fn remove_copies(logs: &mut Vec<LogSource>) -> usize {
    let mut groups = HashMap::<u64, Vec<usize>>::new();
    for (index, log) in logs.iter().enumerate() {
        if let Ok(hash) = first_line_hash(&log.path) {
            groups.entry(hash).or_default().push(index);
        }
    }
    let mut is_copy = vec![false; logs.len()];
    for mut group in groups.into_values().filter(|group| group.len() > 1) {
        group.sort_by_key(|&index| (std::cmp::Reverse(logs[index].bytes), index));
        for (place, &index) in group.iter().enumerate() {
            let mut longer = group[..place].iter().filter(|&&longer| !is_copy[longer]);
            is_copy[index] = longer.any(|&longer| {
                let (longer, shorter) = (&logs[longer], &logs[index]);
                have_related_names(&longer.path, &shorter.path) && starts_with(longer, shorter).unwrap_or(false)
            });
        }
    }
    let copies = is_copy.iter().filter(|&&is_copy| is_copy).count();
    let mut is_copy = is_copy.into_iter();
    logs.retain(|_| !is_copy.next().unwrap_or(false));
    copies
}

fn have_related_names(a: &Path, b: &Path) -> bool {
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let (a, b) = (stem(a), stem(b));
    a.contains(&b) || b.contains(&a)
}

fn first_line_hash(path: &Path) -> io::Result<u64> {
    let start = read_at(path, 0)?;
    let line = start.split_inclusive(|&byte| byte == b'\n').next();
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    Ok(hasher.finish())
}

/// Returns true if the shorter file is the beginning of the longer one, as far as the compared bytes show.
fn starts_with(longer: &LogSource, shorter: &LogSource) -> io::Result<bool> {
    let cut = |mut bytes: Vec<u8>| {
        bytes.truncate(shorter.bytes.min(COMPARED_BYTES) as usize);
        bytes
    };
    let tail = shorter.bytes.saturating_sub(COMPARED_BYTES);
    for position in [0, tail] {
        if cut(read_at(&longer.path, position)?) != cut(read_at(&shorter.path, position)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read_at(path: &Path, position: u64) -> io::Result<Vec<u8>> {
    let mut file = open_ordinary(File::options().read(true), path)?;
    file.seek(SeekFrom::Start(position))?;
    let mut bytes = Vec::new();
    file.take(COMPARED_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

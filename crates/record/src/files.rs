//! Opens regular files only, never with the descriptor of standard input, output or error, and reads them within a
//! limit.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// Maximum size of a file that is read. A larger file is no record and could exhaust the memory.
pub(crate) const MAX_FILE_BYTES: u64 = 64 << 20;

/// Opens a regular file. A pipe could block forever, and a device has no end.
///
/// # Errors
///
/// Fails if the file cannot be opened or is not regular.
pub fn open_ordinary(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    // Opening some devices has side effects.
    if let Ok(there) = std::fs::metadata(path) {
        check_ordinary(there.file_type())?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = apart_from_stdio(|| options.open(path))?;
    check_ordinary(file.metadata()?.file_type())?;
    Ok(file)
}

/// Returns the error of the system for reading a directory.
fn directory_error() -> io::Error {
    #[cfg(unix)]
    return io::Error::from_raw_os_error(libc::EISDIR);
    #[cfg(not(unix))]
    return io::ErrorKind::IsADirectory.into();
}

fn check_ordinary(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        Ok(())
    } else if kind.is_dir() {
        Err(directory_error())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

/// Reads a regular file of at most 64 MiB.
///
/// # Errors
///
/// Fails if the file cannot be read, is not regular or is larger.
pub fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let file = open_ordinary(File::options().read(true), path)?;
    let mut bytes = Vec::new();
    let length = file.metadata()?.len();
    if length <= MAX_FILE_BYTES {
        bytes.try_reserve_exact(length as usize)?;
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    }
    if length > MAX_FILE_BYTES || bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it is larger than {} MB", MAX_FILE_BYTES >> 20),
        ));
    }
    Ok(bytes)
}

/// Opens a file with a descriptor above 2.
///
/// Some daemons close standard input, output and error. The next open file gets such a descriptor, and everything the
/// program prints would be written into it.
///
/// # Errors
///
/// Returns the error of `open`.
pub fn apart_from_stdio(open: impl FnOnce() -> io::Result<File>) -> io::Result<File> {
    #[cfg(unix)]
    let _placeholders = placeholders();
    open()
}

/// Occupies the free descriptors below 3 until dropped. The root directory always exists, and nothing can be written to
/// it.
#[cfg(unix)]
fn placeholders() -> Vec<File> {
    use rustix::io::fcntl_getfd;
    use rustix::stdio::{stderr, stdin, stdout};
    use std::os::fd::AsRawFd;
    let mut placeholders = Vec::new();
    // This check takes less time than opening a directory.
    if [stdin(), stdout(), stderr()].iter().all(|stream| fcntl_getfd(stream).is_ok()) {
        return placeholders;
    }
    while let Ok(directory) = File::open("/")
        && directory.as_raw_fd() < 3
    {
        placeholders.push(directory);
    }
    placeholders
}

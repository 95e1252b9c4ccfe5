//! The source code around the frames of the program, if it is available.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use record::{Failure, Frame, redact_text};

use super::budget::Section;
use super::excerpt::{excerpt_start, sanitize};

/// Extensions of source files. Other files are not read, because a record could name any file.
const SOURCE_EXTENSIONS: &[&str] =
    &["rs", "py", "jl", "c", "h", "cc", "cpp", "cxx", "hpp", "f", "f90", "f95", "f03", "m", "r", "go", "java"];
/// Entries of a project's root directory.
const PROJECT_MARKERS: [&str; 3] = [".git", "Cargo.toml", "pyproject.toml"];
/// Maximum size of a source file.
const MAX_FILE_BYTES: u64 = 2 << 20;
/// Maximum size of a line.
const MAX_LINE_BYTES: usize = 200;

/// The section with the lines around the innermost frames.
pub(super) fn section(failure: &Failure) -> Option<Section> {
    let root = project_root()?;
    let working_dir = failure.context.process.as_ref().and_then(|process| process.cwd.as_deref());
    let excerpts: Vec<SourceExcerpt> =
        app_frames(failure).filter_map(|frame| SourceExcerpt::of(frame, working_dir, &root)).collect();
    let variant = |frames: usize, around: usize| {
        excerpts.iter().take(frames).map(|excerpt| excerpt.text(around)).collect::<String>()
    };
    Section::new("Source code", 75, vec![variant(3, 12), variant(2, 8), variant(1, 8), variant(1, 3)])
}

fn app_frames(failure: &Failure) -> impl Iterator<Item = &Frame> {
    failure.context.frames.iter().filter(|frame| frame.in_app)
}

/// The lines of a source file and the index of the frame's line.
struct SourceExcerpt {
    name: String,
    lines: Vec<String>,
    line: usize,
}

impl SourceExcerpt {
    /// Reads the file of a frame if it is source code of this project. A record may come from elsewhere and name any
    /// file.
    fn of(frame: &Frame, working_dir: Option<&str>, root: &Path) -> Option<Self> {
        let path = find_file(Path::new(frame.file.as_deref()?), working_dir, root)?;
        // Checks the extension of the target, because a link may lead to any file.
        if !path.extension().and_then(|kind| kind.to_str()).is_some_and(|kind| SOURCE_EXTENSIONS.contains(&kind)) {
            return None;
        }
        let file =
            File::open(&path).ok().filter(|file| file.metadata().is_ok_and(|file| file.len() <= MAX_FILE_BYTES))?;
        let mut text = Vec::new();
        file.take(MAX_FILE_BYTES).read_to_end(&mut text).ok()?;
        let text = redact_text(&String::from_utf8_lossy(&text)).into_owned();
        let line = usize::try_from(frame.line?).ok()?.checked_sub(1)?;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        (line < lines.len()).then_some(SourceExcerpt { name, lines, line })
    }

    /// The lines around the frame's line, with `around` lines before and after.
    fn text(&self, around: usize) -> String {
        let range = self.line.saturating_sub(around)..(self.line + around + 1).min(self.lines.len());
        let lines: String = range
            .map(|number| {
                let marker = if number == self.line { '>' } else { ' ' };
                format!("{marker}{:5} {}\n", number + 1, excerpt_start(&self.lines[number], MAX_LINE_BYTES))
            })
            .collect();
        format!("{}\n{lines}\n", sanitize(&self.name))
    }
}

/// Finds a file of the project by its path in the directory that the program ran in, or in the project root.
fn find_file(name: &Path, working_dir: Option<&str>, root: &Path) -> Option<PathBuf> {
    let within = working_dir.and_then(|dir| name.strip_prefix(dir).ok()).unwrap_or(name);
    let candidates = [name.to_owned(), root.join(within), Path::new(".").join(within)];
    candidates
        .into_iter()
        .filter_map(|path| path.canonicalize().ok())
        .find(|path| path.is_file() && path.starts_with(root))
}

/// The nearest parent with a repository or package. Without one, no source is read.
fn project_root() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?.canonicalize().ok()?;
    here.ancestors().find(|dir| PROJECT_MARKERS.iter().any(|marker| dir.join(marker).exists())).map(Path::to_owned)
}

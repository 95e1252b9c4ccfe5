//! The source around the frames of the program's own code, where it is at hand.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use record::{Failure, Frame, redact_text};

use super::budget::Section;
use super::excerpt::{excerpt_start, sanitize};

/// Files of these kinds are source; a record could name any file.
const SOURCE_EXTENSIONS: &[&str] =
    &["rs", "py", "jl", "c", "h", "cc", "cpp", "cxx", "hpp", "f", "f90", "f95", "f03", "m", "r", "go", "java"];
/// A larger file was not written by hand.
const MAX_FILE_BYTES: u64 = 2 << 20;
/// Bytes of a line.
const MAX_LINE_BYTES: usize = 200;

/// The lines around the innermost frames.
pub(super) fn section(failure: &Failure) -> Option<Section> {
    let root = project_root()?;
    let working_dir = failure.context.process.as_ref().and_then(|process| process.cwd.as_deref());
    let places: Vec<SourceExcerpt> =
        app_frames(failure).filter_map(|frame| SourceExcerpt::of(frame, working_dir, &root)).collect();
    let form = |frames: usize, around: usize| {
        places.iter().take(frames).map(|excerpt| excerpt.text(around)).collect::<String>()
    };
    Section::new("Source around it", 75, vec![form(3, 12), form(2, 8), form(1, 8), form(1, 3)])
}

fn app_frames(failure: &Failure) -> impl Iterator<Item = &Frame> {
    failure.context.frames.iter().filter(|frame| frame.in_app)
}

/// The lines of a file, and which of them it is about.
struct SourceExcerpt {
    name: String,
    lines: Vec<String>,
    line: usize,
}

impl SourceExcerpt {
    /// What a frame is of, if its file is source and belongs to this project: a record may come from elsewhere, and name
    /// what is none of its business.
    fn of(frame: &Frame, working_dir: Option<&str>, root: &Path) -> Option<Self> {
        let path = find_file(Path::new(frame.file.as_deref()?), working_dir, root)?;
        // Of the file itself: a link may have the name of source, and lead to anything.
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

    /// So many lines before and after.
    fn text(&self, around: usize) -> String {
        let shown = self.line.saturating_sub(around)..(self.line + around + 1).min(self.lines.len());
        let line = |number: usize| {
            let marker = if number == self.line { '>' } else { ' ' };
            let text = &self.lines[number];
            format!("{marker}{:5} {}\n", number + 1, excerpt_start(text, MAX_LINE_BYTES))
        };
        format!("{}\n{}\n", sanitize(&self.name), shown.map(line).collect::<String>())
    }
}

/// The file by this name, in the project, by whichever way it is known: from the directory that the program ran in, or from
/// the root of the project here.
fn find_file(name: &Path, working_dir: Option<&str>, root: &Path) -> Option<PathBuf> {
    let within = working_dir.and_then(|dir| name.strip_prefix(dir).ok()).unwrap_or(name);
    let candidates = [name.to_owned(), root.join(within), Path::new(".").join(within)];
    let is_in_project = |path: &PathBuf| path.is_file() && path.starts_with(root);
    candidates.into_iter().filter_map(|path| path.canonicalize().ok()).find(is_in_project)
}

/// The nearest directory above with a repository or a package; else none, and nothing is read.
fn project_root() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?.canonicalize().ok()?;
    let is_root = |dir: &&Path| [".git", "Cargo.toml", "pyproject.toml"].iter().any(|marker| dir.join(marker).exists());
    here.ancestors().find(is_root).map(Path::to_owned)
}

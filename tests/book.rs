//! The README and the book: links and anchors have targets, and the pages are complete.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use tracing_failure::Category;

/// The chapters of the book.
const BOOK: &str = "docs/src";
/// The files that run the Rust blocks of the pages as doctests.
const DOCTESTS: [&str; 2] = ["src/book.rs", "crates/advice/src/lib.rs"];
const README_LINES: usize = 150;
const CONTRIBUTING_LINES: usize = 60;
const PROSE_COLUMNS: usize = 120;

/// A Markdown file of the project.
struct Page {
    /// Relative to the root of the project.
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Page { path, text }
    }

    fn is_in_book(&self) -> bool {
        self.path.starts_with(BOOK)
    }

    /// The lines outside of fenced blocks, with their numbers.
    fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut in_fence = false;
        self.text.lines().enumerate().filter_map(move |(index, line)| {
            let is_fence = line.trim_start().starts_with("```");
            in_fence ^= is_fence;
            (!in_fence && !is_fence).then_some((index + 1, line))
        })
    }

    /// The targets of the links, with the numbers of their lines.
    fn links(&self) -> Vec<(usize, String)> {
        self.prose().flat_map(|(number, line)| link_targets(line).into_iter().map(move |link| (number, link))).collect()
    }

    /// The anchors of the headings.
    fn anchors(&self) -> Vec<String> {
        let mut occurrences: HashMap<String, usize> = HashMap::new();
        let headings =
            self.prose().filter_map(|(_, line)| Some(line.strip_prefix('#')?.trim_start_matches('#').trim()));
        headings
            .map(|heading| {
                let anchor = anchor(heading);
                let count = occurrences.entry(anchor.clone()).or_default();
                *count += 1;
                if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
            })
            .collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Markdown files that a reader of the project opens.
fn pages() -> Vec<Page> {
    let mut paths = Vec::new();
    ["", "io", "examples", "python", "benches/corpus", "benches/peers", "crates"].iter().for_each(|dir| {
        collect(dir.as_ref(), *dir == "crates", &mut paths);
    });
    collect(BOOK.as_ref(), true, &mut paths);
    paths.into_iter().map(Page::read).collect()
}

fn collect(dir: &Path, with_subdirectories: bool, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(dir)).unwrap() {
        let entry = entry.unwrap();
        let path = dir.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            if with_subdirectories {
                collect(&path, true, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
}

/// The targets of `[text](target)`, and of `[text]: target` at the beginning of a line.
fn link_targets(line: &str) -> Vec<String> {
    // Every second part is code.
    let text: String = line.split('`').step_by(2).collect();
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let definition = text.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
    inline.chain(definition).map(str::to_owned).collect()
}

/// The anchor that GitHub and mdBook give to a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.to_lowercase().replace(' ', "-");
    heading.chars().filter(|char| char.is_alphanumeric() || matches!(char, '-' | '_')).collect()
}

/// The path without `.` and `..`.
fn normalized(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, component| {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(path.pop()),
            other => path.push(other),
        }
        path
    })
}

/// What is wrong with a link of a page.
fn problem(page: &Page, link: &str) -> Option<&'static str> {
    if link.starts_with("https://") || link.starts_with("http://") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => page.path.clone(),
        path => normalized(&page.path.with_file_name("").join(path)),
    };
    if !root().join(&target).exists() {
        return Some("no such file");
    }
    if page.is_in_book() && !target.starts_with(BOOK) {
        return Some("the book is published without this file: name it, but do not link it");
    }
    if !anchor.is_empty() && !Page::read(target).anchors().iter().any(|there| there == anchor) {
        return Some("no such heading");
    }
    None
}

#[test]
fn links_have_targets() {
    let pages = pages();
    let mut count = 0;
    let mut problems = Vec::new();
    for page in &pages {
        for (line, link) in page.links() {
            count += 1;
            problems.extend(
                problem(page, &link).map(|problem| format!("{}:{line}: {link}: {problem}", page.path.display())),
            );
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count > 100, "only {count} links were found");
}

#[test]
fn the_summary_lists_every_chapter_once() {
    let summary = Page::read(Path::new(BOOK).join("SUMMARY.md"));
    let listed: Vec<PathBuf> = summary.links().into_iter().map(|(_, link)| Path::new(BOOK).join(link)).collect();
    for page in pages().iter().filter(|page| page.is_in_book() && page.path != summary.path) {
        let count = listed.iter().filter(|path| **path == page.path).count();
        assert_eq!(count, 1, "{} in SUMMARY.md", page.path.display());
    }
}

#[test]
fn rust_blocks_of_the_book_are_doctests() {
    let doctests: String = DOCTESTS.iter().map(|path| fs::read_to_string(root().join(path)).unwrap()).collect();
    let is_tested =
        |page: &&Page| page.is_in_book() || page.path == Path::new("README.md") || page.path.starts_with("io");
    for page in pages().iter().filter(is_tested).filter(|page| page.text.contains("```rust")) {
        let include = format!("/{}\")", page.path.display());
        assert!(doctests.contains(&include), "{} is not included in {DOCTESTS:?}", page.path.display());
    }
}

#[test]
fn fenced_blocks_name_their_language() {
    for page in pages() {
        let fences = page.text.lines().filter(|line| line.starts_with("```"));
        for (index, opening) in fences.enumerate().step_by(2) {
            assert_ne!(opening, "```", "{}: fenced block {}", page.path.display(), index / 2 + 1);
        }
    }
}

#[test]
fn files_of_the_project_that_pages_name_exist() {
    let page = Page::read(Path::new(BOOK).join("architecture.md"));
    let contributing = Page::read("CONTRIBUTING.md".into());
    let mut count = 0;
    for page in [page, contributing] {
        for (number, line) in page.prose() {
            // Every second part is code.
            for path in line.split('`').skip(1).step_by(2).filter(|code| is_path(code)) {
                count += 1;
                assert!(root().join(path).exists(), "{}:{number}: {path}: no such file", page.path.display());
            }
        }
    }
    assert!(count > 20, "only {count} paths were found");
}

fn is_path(code: &str) -> bool {
    let beginnings = ["src/", "crates/", "python/", "tests/", "benches/", "docs/", "examples/", "io/failure.schema"];
    !code.contains(' ') && beginnings.iter().any(|beginning| code.starts_with(beginning))
}

#[test]
fn the_book_lists_every_category() {
    let page = Page::read(Path::new(BOOK).join("record.md"));
    for category in Category::all() {
        let cell = format!("| `{}` |", category.name());
        assert!(page.text.contains(&cell), "{cell} in {}", page.path.display());
    }
}

/// The tables of categories and behaviours repeat the documentation of the types.
#[test]
fn the_book_describes_names_as_the_types_do() {
    for (page, source) in [("record.md", "category.rs"), ("suggestions.md", "convergence.rs")] {
        let page = Page::read(Path::new(BOOK).join(page));
        let source = Page::read(Path::new("crates/record/src/failure").join(source)).text.replace("\n    /// ", " ");
        let rows =
            page.text.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "));
        let named: Vec<_> = rows.filter(|(name, _)| source.contains(&format!("\"{name}\""))).collect();
        assert!(named.len() >= 10, "{}", page.path.display());
        for (name, text) in named {
            assert!(source.contains(&format!(" {text}\n")), "{name} in {}: {text}", page.path.display());
        }
    }
}

/// `benches/run` writes the tables between these lines.
const TABLE_END: &str = "<!-- end -->";

fn table_name(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- table: ")?.strip_suffix(" -->")
}

/// The parts of `benches/run` and the tables that each writes.
fn measured_tables(script: &str) -> Vec<(&str, Vec<&str>)> {
    let (_, rest) = script.split_once("\nTABLES = {\n").unwrap();
    let (rows, _) = rest.split_once("\n}\n").unwrap();
    // Every second part is a string.
    let strings = |row| str::split(row, '"').skip(1).step_by(2);
    rows.lines().map(strings).map(|mut row| (row.next().unwrap(), row.collect())).collect()
}

#[test]
fn one_command_writes_the_measured_tables() {
    let script = Page::read("benches/run".into()).text;
    let parts = measured_tables(&script);
    let pages = pages();
    let mut marked: Vec<&str> = pages.iter().flat_map(|page| page.text.lines().filter_map(table_name)).collect();
    let mut written: Vec<&str> = parts.iter().flat_map(|(_, tables)| tables).copied().collect();
    marked.sort_unstable();
    written.sort_unstable();
    assert!(written.len() > 10, "{written:?}");
    assert_eq!(marked, written, "the tables of the pages and of benches/run");
    for page in pages.iter().filter(|page| page.text.lines().any(|line| table_name(line).is_some())) {
        let name = page.path.file_name().unwrap().to_str().unwrap();
        assert!(script.contains(&format!("{name}\"")), "{} in benches/run", page.path.display());
    }
    let performance = Page::read(Path::new(BOOK).join("performance.md"));
    for (part, _) in parts {
        let command = format!("`benches/run {part}`");
        assert!(performance.text.contains(&command), "{command} in {}", performance.path.display());
    }
}

#[test]
fn measured_tables_end() {
    for page in pages() {
        let mut lines = page.text.lines();
        while let Some(name) = lines.by_ref().find_map(table_name) {
            let end = lines.by_ref().find(|line| !line.starts_with('|'));
            assert_eq!(end, Some(TABLE_END), "{}: table {name}", page.path.display());
        }
    }
}

#[test]
fn readme_and_contributing_are_short() {
    for (path, limit) in [("README.md", README_LINES), ("CONTRIBUTING.md", CONTRIBUTING_LINES)] {
        let lines = Page::read(path.into()).text.lines().count();
        assert!(lines <= limit, "{path} has {lines} lines, more than {limit}");
    }
}

#[test]
fn prose_fits_into_the_columns() {
    let is_written = |page: &Page| page.is_in_book() && !page.path.ends_with("diagnosis.md");
    for page in pages().iter().filter(|page| is_written(page) || page.path.parent() == Some(Path::new(""))) {
        for (number, line) in page.prose().filter(|(_, line)| !line.starts_with('|')) {
            let columns = line.chars().count();
            assert!(columns <= PROSE_COLUMNS, "{}:{number}: {columns} columns", page.path.display());
        }
    }
}

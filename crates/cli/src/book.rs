//! Checks the command lines in the README and the book.

use std::fs;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Command, CommandFactory};

use crate::args::Args;
use crate::records::JqFilter;

const PAGES: [&str; 5] = ["README.md", "CONTRIBUTING.md", "io/README.md", "examples/README.md", "crates/cli/README.md"];
/// The page with the options that several commands share.
const OVERVIEW: &str = "docs/src/commands.md";
/// Beginnings of a command line.
const PROMPTS: [&str; 2] = ["failures", "cargo run --"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(page: impl AsRef<Path>) -> String {
    let page = root().join(page);
    fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// The pages with command lines, relative to the root of the project.
fn pages() -> Vec<PathBuf> {
    let chapters = ["docs/src", "docs/src/commands"].into_iter().flat_map(|dir| {
        fs::read_dir(root().join(dir)).unwrap().map(move |entry| Path::new(dir).join(entry.unwrap().file_name()))
    });
    let is_markdown = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    PAGES.into_iter().map(PathBuf::from).chain(chapters.filter(is_markdown)).collect()
}

/// The arguments of a line that calls the command.
fn arguments(line: &str) -> Option<Vec<String>> {
    let prompt = PROMPTS.into_iter().find(|prompt| line == *prompt || line.starts_with(&format!("{prompt} ")))?;
    Some(words(&line[prompt.len()..]))
}

/// The words of a shell's command line, up to a comment, a pipe, a redirection or another command.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for char in line.chars() {
        match char {
            _ if quote == Some(char) => quote = None,
            '\'' | '"' if quote.is_none() => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            '#' if quote.is_none() && word.is_none() => break,
            '|' | '>' | '&' if quote.is_none() => break,
            ' ' if quote.is_none() => words.extend(word.take()),
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

/// Parses the arguments as the command does, without running it.
fn parse(arguments: &[String]) -> Result<(), clap::Error> {
    let words = std::iter::once("failures").chain(arguments.iter().map(String::as_str));
    match command().try_get_matches_from(words) {
        Err(error) if error.kind() != ErrorKind::DisplayHelp => Err(error),
        _ => Ok(()),
    }
}

/// The command, except that it compiles filters in this process: its workers would be tests.
fn command() -> Command {
    let compile = |code: &str| JqFilter::compile(code).map(drop);
    let with_filter = move |command: Command| {
        command.mut_args(move |arg| if arg.get_long() == Some("where") { arg.value_parser(compile) } else { arg })
    };
    with_filter(Args::command()).mut_subcommands(with_filter)
}

/// The lines of fenced blocks for a shell, and the code in the lines between fenced blocks.
fn code(text: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut lines, mut spans) = (Vec::new(), Vec::new());
    let mut language = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), language) {
            (Some(name), None) => language = Some(name),
            (Some(_), Some(_)) => language = None,
            (None, Some("sh")) => lines.push(line),
            (None, Some(_)) => {}
            (None, None) => spans.extend(line.split('`').skip(1).step_by(2)),
        }
    }
    (lines, spans)
}

#[test]
fn command_lines_of_the_book_parse() {
    let mut count = 0;
    for page in pages() {
        let text = read(&page);
        let (lines, spans) = code(&text);
        for line in lines {
            let Some(arguments) = arguments(line) else { continue };
            count += 1;
            parse(&arguments).unwrap_or_else(|error| panic!("{}: {line}\n{error}", page.display()));
        }
        for span in spans {
            let Some(arguments) = arguments(span) else { continue };
            // The text may name a command or an option without its values.
            let is_incomplete = |error: &clap::Error| {
                matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::InvalidValue)
            };
            if let Err(error) = parse(&arguments)
                && !is_incomplete(&error)
            {
                panic!("{}: {span}\n{error}", page.display());
            }
        }
    }
    assert!(count > 30, "only {count} command lines were found");
}

#[test]
fn the_book_describes_every_command_and_option() {
    let overview = read(OVERVIEW);
    for command in Args::command().get_subcommands() {
        let page = format!("docs/src/commands/{}.md", command.get_name());
        let text = read(&page);
        for option in command.get_arguments().filter_map(|argument| argument.get_long()) {
            let name = format!("--{option}");
            let is_described = [&text, &overview].iter().any(|text| has_word(text, &name));
            assert!(is_described, "{page} does not describe {name}");
        }
    }
}

/// Returns whether the text contains the option, and not only a longer one that begins like it.
fn has_word(text: &str, option: &str) -> bool {
    text.match_indices(option).any(|(start, _)| {
        let next = text[start + option.len()..].chars().next();
        !next.is_some_and(|char| char.is_alphanumeric() || char == '-')
    })
}

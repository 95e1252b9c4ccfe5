//! Formats source locations in a short form.

use crate::line::one_line;

/// Returns a source location such as `src/solver.rs:41`: without the working directory of the program, and for a
/// library only with its name and version.
///
/// ```
/// let place = tracing_failure_text::place_of(Some("/home/a/flow/src/solver.rs"), Some(41), Some("/home/a/flow"));
/// assert_eq!(place, "src/solver.rs:41");
/// ```
pub fn place_of(file: Option<&str>, line: Option<u32>, working_dir: Option<&str>) -> String {
    let file = one_line(file.map_or("?", |file| short(file, working_dir))).into_owned();
    line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"))
}

fn short<'a>(file: &'a str, working_dir: Option<&str>) -> &'a str {
    let within = |dir: &str| file.strip_prefix(dir)?.strip_prefix('/');
    let in_working_dir = working_dir.and_then(within);
    in_working_dir.or_else(|| in_registry(file)).or_else(|| in_standard_library(file)).unwrap_or(file)
}

/// Cargo stores a library in `…/registry/src/{registry}/{name}-{version}/`.
fn in_registry(file: &str) -> Option<&str> {
    let (_, rest) = file.split_once("/registry/src/")?;
    rest.split_once('/').map(|(_, path)| path)
}

/// The files of the standard library are in `/rustc/{commit}/library/`.
fn in_standard_library(file: &str) -> Option<&str> {
    let (_, rest) = file.strip_prefix("/rustc/")?.split_once('/')?;
    rest.strip_prefix("library/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_as_short_as_people_know_them() {
        let home = Some("/home/a/flow");
        for (file, short) in [
            ("/home/a/flow/src/solver.rs", "src/solver.rs:7"),
            ("/home/a/flowing/src/solver.rs", "/home/a/flowing/src/solver.rs:7"),
            ("src/solver.rs", "src/solver.rs:7"),
            (
                "/home/a/.cargo/registry/src/index-1949/ode_solvers-0.6.2/src/dopri5.rs",
                "ode_solvers-0.6.2/src/dopri5.rs:7",
            ),
            ("/rustc/59807616e/library/core/src/option.rs", "core/src/option.rs:7"),
        ] {
            assert_eq!(place_of(Some(file), Some(7), home), short);
        }
        assert_eq!(place_of(None, None, None), "?");
    }
}

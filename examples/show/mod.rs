//! Shows what an example has left behind.

use std::path::{Path, PathBuf};

use tracing_failure::record::TrailEntry;
use tracing_failure::{Failure, Value};

/// Prints the newest record and the last lines of the log when it is dropped: declare it before the guard, so that the
/// guard has flushed by then.
pub(crate) struct Show {
    dir: PathBuf,
}

impl Show {
    /// Of what lies in this directory.
    pub(crate) fn what_is_left_in(dir: impl AsRef<Path>) -> Self {
        Show { dir: dir.as_ref().to_owned() }
    }

    fn failure(&self) {
        let latest = self.dir.join("failures/latest.json");
        match Failure::from_path(&latest) {
            Ok(failure) => {
                println!(
                    "\n{}\n  computation      {}\n  theoretical_ref  {}\n  error            {}: {}\n  category         \
                     {}\n  parameters       {}",
                    latest.display(),
                    failure.computation,
                    failure.theoretical_ref,
                    failure.error_type,
                    failure.error_message,
                    failure.context.category.map_or("?", |category| category.name()),
                    failure.parameters,
                );
                failure.context.trail.iter().for_each(show_trail);
            }
            Err(error) => println!("\nno failure: {error}"),
        }
    }

    /// Prints the end of both series of the log: the events, and the closing lines of computations.
    fn log(&self) {
        for series in ["runtime_", "computations_"] {
            let entries = std::fs::read_dir(self.dir.join("logs")).into_iter().flatten().flatten();
            let files = entries.filter(|file| file.file_name().to_string_lossy().starts_with(series));
            let modified = |file: &PathBuf| file.metadata().and_then(|file| file.modified()).ok();
            let Some(newest) = files.map(|file| file.path()).max_by_key(modified) else { continue };
            println!("\n{}", newest.display());
            let text = std::fs::read_to_string(&newest).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            for line in &lines[lines.len().saturating_sub(2)..] {
                let cut: String = line.chars().take(160).collect();
                println!("  {cut}{}", if cut.len() < line.len() { "…" } else { "" });
            }
        }
        println!();
    }
}

/// Where each number began and where it ended.
fn show_trail(entry: &TrailEntry) {
    let number = |value: &Value| match value {
        Value::Float(x) => format!("{x:.4e}"),
        other => other.to_string(),
    };
    let ends = |(name, column): (&str, &Value)| {
        let column = column.as_list()?;
        Some(format!("{name} {} → {}", number(column.first()?), number(column.last()?)))
    };
    let columns: Vec<String> = entry.columns.iter().filter_map(ends).collect();
    let said = entry.message.as_deref().or(entry.span.as_deref()).unwrap_or_default();
    println!("  trail            {} × {said}: {}", entry.seen, columns.join(", "));
}

impl Drop for Show {
    fn drop(&mut self) {
        self.failure();
        self.log();
    }
}

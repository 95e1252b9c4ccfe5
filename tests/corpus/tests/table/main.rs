//! Runs every case and compares its record with what an analyst expects. The result is a chapter of the book.

mod misses;

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use misses::{MISSES, NOTHING_SUGGESTED};
use tracing_failure::{Category, Failure};
use tracing_failure_corpus::{Batch, Case, cases};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/diagnosis.md");
const RECORDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/records");

const INTRODUCTION: &str = "\
# Diagnosed failures

Each row is a failure of a real solver. It compares the record that the failure left with the opinion of a numerical
analyst, who wrote it down before the failure was run.

- *Category* is the category in the record, with the expected one where they differ.
- *First suggestion* is the first entry of `suggested_fixes`.
- *Analyst* is the advice that the analyst gives first.
- *Agrees* states whether the analyst would give the first suggestion, because it points to the right cause or the right
  next step. The authors of cases and rules judge this by hand. Misleading or irrelevant advice does not agree.

Some cases did not fail at first, or not as intended, and were changed. Their expectations were not, with two exceptions:
`stick_slip_friction` runs out of steps instead of step size, and `antenna_difference_step` loses its digits to noise
instead of rounding.

`UPDATE_TABLE=1 cargo test --manifest-path tests/corpus/Cargo.toml` writes this file. If you change a suggestion, judge it
again in `tests/corpus/tests/table/misses.rs`.
";

const FIRST_RUN_OF_UNSEEN: &str = "\
An author who had not read the rules wrote these cases after the rules were complete. In their first run, 38 of the 66
failures were in the expected category, 22 had a correct first suggestion and 15 had none. Expect these rates for your own
code. The rules have since learned the reason codes and words that were missing, so the first run cannot be repeated.
Today's numbers are higher:

";

/// A case and the record that it left.
struct Outcome {
    case: Case,
    failure: Failure,
}

impl Outcome {
    fn category(&self) -> &'static str {
        self.failure.context.category.map_or("–", Category::name)
    }

    fn has_expected_category(&self) -> bool {
        self.category() == self.case.category
    }

    /// The reason why an analyst disagrees with the first suggestion.
    fn miss(&self) -> Option<&'static str> {
        if self.failure.suggested_fixes.is_empty() {
            return Some(NOTHING_SUGGESTED);
        }
        MISSES.iter().find(|(name, _)| *name == self.case.name).map(|(_, reason)| *reason)
    }

    fn row(&self) -> String {
        let Case { name, solver, problem, advice, category: expected, .. } = &self.case;
        let category = if self.has_expected_category() {
            expected.to_string()
        } else {
            format!("{}<br>expected: {expected}", self.category())
        };
        let agrees = self.miss().map_or_else(|| "yes".to_owned(), |reason| format!("no: {reason}"));
        let suggestion = self.failure.suggested_fixes.first().map_or("–", String::as_str);
        let case = format!("**{name}**<br>{solver}: {problem}");
        let cells = [case, category, suggestion.to_owned(), (*advice).to_owned(), agrees];
        format!("| {} |", cells.map(|cell| cell.replace('|', "\\|").replace('\n', " ")).join(" | "))
    }
}

struct Counts {
    all: usize,
    with_expected_category: usize,
    with_correct_suggestion: usize,
}

fn counts(outcomes: &[Outcome]) -> Counts {
    Counts {
        all: outcomes.len(),
        with_expected_category: outcomes.iter().filter(|outcome| outcome.has_expected_category()).count(),
        with_correct_suggestion: outcomes.iter().filter(|outcome| outcome.miss().is_none()).count(),
    }
}

struct Outcomes {
    /// Development and held-out cases: the rules were developed with both.
    developed: Vec<Outcome>,
    unseen: Vec<Outcome>,
}

/// All cases run once, because a process has one subscriber.
static OUTCOMES: LazyLock<Outcomes> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let builder = tracing_failure::builder(dir.path()).without_log().stderr_notice(false).panic_hook(true);
    let _guard = builder.init().unwrap();
    fs::create_dir_all(RECORDS).unwrap();
    let failures = dir.path().join("failures");
    let outcomes = cases().into_iter().map(|case| outcome(case, &failures));
    let (unseen, developed) = outcomes.partition(|outcome| outcome.case.batch == Batch::Unseen);
    Outcomes { developed, unseen }
});

/// Runs the case. Of several records, the outcome is the innermost one, which causes the others.
fn outcome(case: Case, dir: &Path) -> Outcome {
    let before = records(dir);
    (case.run)();
    let after = records(dir);
    let new = after.difference(&before).map(|file| (file, Failure::from_path(file).unwrap()));
    let mut innermost: Vec<_> = new.filter(|(_, failure)| failure.context.caused_by.is_none()).collect();
    assert_eq!(innermost.len(), 1, "{} leaves {} records without caused_by", case.name, innermost.len());
    let (file, failure) = innermost.remove(0);
    fs::copy(file, Path::new(RECORDS).join(case.name).with_extension("json")).unwrap();
    Outcome { case, failure }
}

fn records(dir: &Path) -> HashSet<PathBuf> {
    let files = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|end| end == "json") && !file.ends_with("latest.json")).collect()
}

fn document(outcomes: &Outcomes) -> String {
    let mut document = INTRODUCTION.to_owned();
    let sections = [
        ("Failures used to develop the rules", "", &outcomes.developed),
        ("Failures that the rules had never seen", FIRST_RUN_OF_UNSEEN, &outcomes.unseen),
    ];
    for (title, introduction, outcomes) in sections {
        let Counts { all, with_expected_category, with_correct_suggestion } = counts(outcomes);
        write!(
            document,
            "\n## {title}\n\n{introduction}{all} failures, {with_expected_category} in the expected category, \
             {with_correct_suggestion} with a correct first suggestion.\n\n\
             | case | category | first suggestion | analyst | agrees |\n| --- | --- | --- | --- | --- |\n"
        )
        .unwrap();
        for outcome in outcomes {
            writeln!(document, "{}", outcome.row()).unwrap();
        }
    }
    document
}

#[test]
fn cases_have_unique_names_and_known_categories() {
    let mut names = HashSet::new();
    for case in cases() {
        assert!(names.insert(case.name), "two cases are named {}", case.name);
        assert!(Category::from_name(case.category).is_some(), "{}: no category {}", case.name, case.category);
    }
}

#[test]
fn each_miss_names_a_case_once_and_gives_a_reason() {
    let cases: HashSet<_> = cases().into_iter().map(|case| case.name).collect();
    let mut names = HashSet::new();
    for (name, reason) in MISSES {
        assert!(cases.contains(name), "no case is named {name}");
        assert!(names.insert(name), "two misses are named {name}");
        assert!(!reason.is_empty(), "{name} has no reason");
    }
}

#[test]
fn the_table_in_the_book_is_current() {
    let document = document(&OUTCOMES);
    if std::env::var_os("UPDATE_TABLE").is_some() {
        fs::write(TABLE, &document).unwrap();
    }
    let written = fs::read_to_string(TABLE).unwrap_or_default();
    assert!(written == document, "docs/src/diagnosis.md is stale: UPDATE_TABLE=1 writes it");
}

#[test]
fn nine_of_ten_developed_cases_have_the_expected_category() {
    let Counts { all, with_expected_category, .. } = counts(&OUTCOMES.developed);
    assert!(10 * with_expected_category >= 9 * all, "{with_expected_category} of {all}");
}

#[test]
fn nine_of_ten_developed_cases_have_a_correct_first_suggestion() {
    let Counts { all, with_correct_suggestion, .. } = counts(&OUTCOMES.developed);
    assert!(10 * with_correct_suggestion >= 9 * all, "{with_correct_suggestion} of {all}");
}

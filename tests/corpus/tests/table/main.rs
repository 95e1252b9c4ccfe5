//! Runs every case, reads the record that it left, and sets it beside what is expected.

mod missed;

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use missed::MISSED;
use tracing_failure::{Category, Failure};
use tracing_failure_diagnosis::{Case, cases, later};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/diagnosis.md");
const RECORDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/records");

const HEAD: &str = "\
# What the records say, and what an analyst says

Real solvers fail here, and each leaves a record. Beside what the record says stands what a numerical analyst says, written down \
before the failure was run. A few cases were changed after that, because they did not fail, or not in the way that was meant; what \
is expected of them was not, except that `stick_slip_friction` runs out of steps and not of their size, and that what cancels in \
`antenna_difference_step` is noise and not rounding. *Category* is what the record calls the failure, *expected* what the analyst calls it where that is \
something else. *Agrees* says whether the analyst would give the first suggestion of the record as the first thing to say: it \
points to the right cause or the right next step. This is judged by hand, by who wrote the cases or the rules. Advice that is misleading or \
beside the point does not agree.

`UPDATE_TABLE=1 cargo test --manifest-path tests/corpus/Cargo.toml` writes this file. Who changes a suggestion judges it anew, in \
`tests/corpus/tests/table/missed.rs`.
";

/// What can be expected of failures that nobody thought of.
const AT_FIRST_SIGHT: &str = "\
These were written when the rules were done, by somebody who had not read them, and in other words on purpose. At first sight 38 of \
the 66 were in the expected category, and 22 began with what an analyst would say, 15 with nothing at all: that is what to expect of \
failures of which nobody thought. The reason codes and words that these brought up are known since, so that now it is more:

";

/// A case, and the record that it left.
struct Outcome {
    case: Case,
    failure: Failure,
}

impl Outcome {
    fn category(&self) -> &'static str {
        self.failure.context.category.map_or("–", Category::name)
    }

    fn is_in_its_category(&self) -> bool {
        self.category() == self.case.category
    }

    /// Why an analyst does not agree with the first suggestion.
    fn missed(&self) -> Option<&'static str> {
        if self.failure.suggested_fixes.is_empty() {
            return Some("nothing is suggested");
        }
        MISSED.iter().find(|(name, _)| *name == self.case.name).map(|(_, why)| *why)
    }

    fn row(&self) -> String {
        let Case { name, solver, what, advice, category: expected, .. } = &self.case;
        let category = if self.is_in_its_category() {
            expected.to_string()
        } else {
            format!("{}<br>expected: {expected}", self.category())
        };
        let agrees = self.missed().map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"));
        let first = self.failure.suggested_fixes.first().map_or("–", String::as_str);
        let case = format!("**{name}**<br>{solver}: {what}");
        let cells = [case, category, first.to_owned(), (*advice).to_owned(), agrees];
        format!("| {} |", cells.map(|cell| cell.replace('|', "\\|").replace('\n', " ")).join(" | "))
    }
}

/// How many are in the category that is expected, and how many have a first suggestion that an analyst would give.
struct Counts {
    all: usize,
    in_category: usize,
    agreed: usize,
}

fn counts(outcomes: &[Outcome]) -> Counts {
    Counts {
        all: outcomes.len(),
        in_category: outcomes.iter().filter(|outcome| outcome.is_in_its_category()).count(),
        agreed: outcomes.iter().filter(|outcome| outcome.missed().is_none()).count(),
    }
}

/// The cases that rules are developed with, and those that came after.
struct Sets {
    development: Vec<Outcome>,
    later: Vec<Outcome>,
}

/// All are run once: there is one subscriber in a process.
static SETS: LazyLock<Sets> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let builder = tracing_failure::builder(dir.path()).without_log().stderr_notice(false).panic_hook(true);
    let _guard = builder.init().unwrap();
    fs::create_dir_all(RECORDS).unwrap();
    let failures = dir.path().join("failures");
    let run = |cases: Vec<Case>| cases.into_iter().map(|case| outcome(case, &failures)).collect();
    Sets { development: run(cases()), later: run(later()) }
});

/// The record that this case leaves: the innermost one, where computations around it fail with it.
fn outcome(case: Case, dir: &Path) -> Outcome {
    let before = records(dir);
    (case.run)();
    let new = records(dir);
    let new = new.difference(&before).map(|file| (file, Failure::from_path(file).unwrap()));
    let mut innermost: Vec<_> = new.filter(|(_, failure)| failure.context.caused_by.is_none()).collect();
    assert_eq!(innermost.len(), 1, "{} leaves {} records that no other causes", case.name, innermost.len());
    let (file, failure) = innermost.remove(0);
    fs::copy(file, Path::new(RECORDS).join(case.name).with_extension("json")).unwrap();
    Outcome { case, failure }
}

fn records(dir: &Path) -> HashSet<PathBuf> {
    let files = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|end| end == "json") && !file.ends_with("latest.json")).collect()
}

fn document(sets: &Sets) -> String {
    let mut document = HEAD.to_owned();
    let parts = [
        ("The cases that the rules were developed with", "", &sets.development),
        ("The cases that came after", AT_FIRST_SIGHT, &sets.later),
    ];
    for (title, before, outcomes) in parts {
        let Counts { all, in_category, agreed } = counts(outcomes);
        write!(
            document,
            "\n## {title}\n\n{before}{all} failures, {in_category} in the expected category, {agreed} with a first suggestion that an \
             analyst would give.\n\n\
             | case | category | first suggestion | an analyst | agrees |\n| --- | --- | --- | --- | --- |\n"
        )
        .unwrap();
        outcomes.iter().for_each(|outcome| writeln!(document, "{}", outcome.row()).unwrap());
    }
    document
}

fn all_cases() -> impl Iterator<Item = Case> {
    cases().into_iter().chain(later())
}

#[test]
fn cases_have_names_of_their_own_and_known_categories() {
    let mut names = HashSet::new();
    for case in all_cases() {
        assert!(names.insert(case.name), "{} is there twice", case.name);
        assert!(Category::from_name(case.category).is_some(), "{}: {}", case.name, case.category);
    }
}

#[test]
fn what_is_missed_is_a_case_and_is_named_once() {
    let cases: HashSet<_> = all_cases().map(|case| case.name).collect();
    let mut names = HashSet::new();
    for (name, why) in MISSED {
        assert!(cases.contains(name), "{name} is no case");
        assert!(names.insert(name), "{name} is there twice");
        assert!(!why.is_empty(), "{name}: why?");
    }
}

#[test]
fn the_table_says_what_the_records_say() {
    let document = document(&SETS);
    if std::env::var_os("UPDATE_TABLE").is_some() {
        fs::write(TABLE, &document).unwrap();
    }
    let written = fs::read_to_string(TABLE).unwrap_or_default();
    assert!(written == document, "docs/src/diagnosis.md is stale: UPDATE_TABLE=1 writes it");
}

#[test]
fn nine_of_ten_developed_cases_have_their_category() {
    let Counts { all, in_category, .. } = counts(&SETS.development);
    assert!(10 * in_category >= 9 * all, "{in_category} of {all}");
}

#[test]
fn nine_of_ten_developed_cases_begin_with_what_an_analyst_would_say() {
    let Counts { all, agreed, .. } = counts(&SETS.development);
    assert!(10 * agreed >= 9 * all, "{agreed} of {all}");
}

//! The pages as a reader sees them.

mod sample;
mod well_formed;

use corpus::{Cell, CellTest, Label, RegionReport, RunFacts, RunOutcome, RunTable};
use record::{Failure, Map, Value};
use sample::{condition, failure, groups, planted, regions, report, start, sweep};
use tracing_failure_report::{CorpusReport, ReportGroup, ReportTable, render, render_failure};

const MAX_BYTES: usize = 1_000_000;
const HOSTILE: &str = "</script></style></title>--><script>alert(1)</script><img src=x onerror=alert(1)> \"'> \
                       <b onclick='x' \u{202e}gpj\u{1b}[31m\u{9b}\0\r&amp; https://example.org javascript:alert(1)";

/// The page without its style, which the snapshots need not repeat.
fn without_style(html: &str) -> String {
    let (before, rest) = html.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    format!("{before}{after}").replace("><", ">\n<")
}

/// Panics unless hostile texts are only shown.
fn check_harmless(html: &str) {
    well_formed::check(html);
    for part in ["<script", "<img", "<b ", "&amp;amp;lt;", "\u{202e}", "\u{1b}", "\u{9b}", "\0", "\r"] {
        assert!(!html.contains(part), "{part:?}");
    }
    assert!(html.contains("&lt;script&gt;") && html.contains("\\u{202e}"));
}

#[test]
fn a_small_report_has_all_sections() {
    let table = sweep(40);
    let regions = regions(&table, planted());
    let mut report = report(&table, &regions);
    report.groups = groups(1);
    report.notes = vec!["1 file was skipped.".to_owned()];
    let html = render(&report);
    well_formed::check(&html);
    insta::assert_snapshot!("report", without_style(&html));
}

#[test]
fn a_page_of_a_record_has_its_sections() {
    let html = render_failure(&failure(1));
    well_formed::check(&html);
    insta::assert_snapshot!("record", without_style(&html));
}

#[test]
fn a_large_report_stays_below_a_megabyte() {
    let table = sweep(100_000);
    let regions = regions(&table, planted());
    let mut report = report(&table, &regions);
    report.groups = groups(50);
    let html = render(&report);
    well_formed::check(&html);
    assert!((100_000..MAX_BYTES).contains(&html.len()), "{}", html.len());
    let failures: usize = table.failed_count();
    assert!(html.contains(&format!("{} of 100,000 runs failed", text::thousands(failures as u64))));
}

#[test]
fn even_hostile_texts_stay_below_a_megabyte() {
    let long = HOSTILE.repeat(200);
    let mut table = RunTable::new(long.clone());
    table.push(RunFacts::new(RunOutcome::Failed), [(&*long, Cell::Text(&long))]);
    let test = CellTest::In(vec![Label::Text(long.clone())]);
    let mut regions = regions(&table, vec![condition(&long, test)]);
    regions.rules = vec![regions.rules[0].clone(); 100];
    regions.notes = vec![long.clone(); 100];
    let mut report = CorpusReport::new(long.clone(), start());
    report.tables = vec![ReportTable { runs: &table, regions: &regions }; 30];
    report.notes = vec![long.clone(); 100];
    let mut hostile = hostile_failure(&long);
    hostile.parameters = (0..100).map(|index| (format!("{index}{long}"), long.clone())).collect();
    report.groups = vec![ReportGroup::of(hostile); 100];
    let html = render(&report);
    check_harmless(&html);
    assert!(html.len() < MAX_BYTES, "{}", html.len());
}

/// A failure with this text in each place that can hold one.
fn hostile_failure(text: &str) -> Failure {
    let json = serde_json::to_string(text).unwrap();
    let template = include_str!("hostile.json").replace("\"@\"", &json);
    serde_json::from_str(&template).unwrap()
}

#[test]
fn a_hostile_record_executes_nothing() {
    let hostile = hostile_failure(HOSTILE);
    check_harmless(&render_failure(&hostile));
    let (table, regions) = (RunTable::new(HOSTILE), RegionReport::default());
    let mut report = report(&table, &regions);
    report.groups = vec![ReportGroup::of(hostile)];
    check_harmless(&render(&report));
}

#[test]
fn the_policy_allows_neither_scripts_nor_other_files() {
    let html = render_failure(&failure(1));
    let policy = html.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\""));
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("@import"));
}

#[test]
fn an_empty_report_says_so() {
    let html = render(&CorpusReport::new("Nothing", start()));
    well_formed::check(&html);
    assert!(html.contains("No runs."));
}

#[test]
fn without_successes_the_report_says_so() {
    let mut table = RunTable::new("newton");
    table.push(RunFacts::new(RunOutcome::Failed), [("mu", Cell::Number(1.0))]);
    let regions = regions(&table, Vec::new());
    let html = render(&report(&table, &regions));
    well_formed::check(&html);
    assert!(html.contains("No successes are available for comparison"), "{html}");
}

#[test]
fn without_failures_the_report_says_so() {
    let mut table = RunTable::new("newton");
    let mut run = RunFacts::new(RunOutcome::Ok);
    run.ended = Some(start());
    table.push(run, [("mu", Cell::Number(1.0))]);
    let mut regions = RegionReport::default();
    regions.counts.runs = 1;
    let html = render(&report(&table, &regions));
    well_formed::check(&html);
    assert!(html.contains("0 of 1 run failed (0 %)") && html.contains("No run failed."));
    assert!(!html.contains("No successes"));
}

#[test]
fn every_kind_of_number_makes_a_valid_figure() {
    let extremes = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 5e-324, f64::MAX, f64::MIN, 1.0, -1e-300];
    let columns: [&[f64]; 6] = [&[], &[f64::NAN], &[3.0], &[5e-324, 5e-324], &[f64::MAX, f64::MIN], &extremes];
    let thresholds = [0.0, -1.0, 1e308, 5e-324, 2.0];
    for numbers in columns {
        let mut table = RunTable::new("newton");
        for (run, number) in numbers.iter().enumerate() {
            let outcome = if run % 2 == 0 { RunOutcome::Failed } else { RunOutcome::Ok };
            table.push(RunFacts::new(outcome), [("x", (*number).into()), ("y", (-*number).into())]);
        }
        for threshold in thresholds {
            let x = condition("x", CellTest::Greater(threshold));
            let y = condition("y", CellTest::AtMost(threshold));
            let absent = condition("absent", CellTest::Missing);
            for conditions in [vec![x.clone()], vec![x.clone(), y], vec![x, absent.clone()], vec![absent]] {
                well_formed::check(&render(&report(&table, &regions(&table, conditions))));
            }
        }
    }
}

#[test]
fn every_trail_makes_a_valid_figure() {
    let text = Value::from("abc");
    let columns: [Vec<Value>; 6] = [
        Vec::new(),
        vec![f64::NAN.into(), f64::INFINITY.into(), f64::NEG_INFINITY.into()],
        vec![Value::Null, text, true.into()],
        vec![1e-300.into(), 1e300.into(), 0.into(), (-1e308).into(), 1e308.into()],
        vec![7.into()],
        vec![f64::MAX.into(), f64::MIN.into()],
    ];
    for column in columns {
        let mut failure = failure(1);
        let trail = &mut failure.context.trail[0];
        (trail.head, trail.dropped, trail.seen) = (Some(90), u64::MAX, u64::MAX);
        trail.columns = Map::from_iter([("residual", Value::List(column)), ("no list", Value::Null)]);
        well_formed::check(&render_failure(&failure));
        let (table, regions) = (RunTable::new("newton"), RegionReport::default());
        let mut report = report(&table, &regions);
        report.groups = vec![ReportGroup::of(failure)];
        well_formed::check(&render(&report));
    }
}

#[test]
fn many_items_end_with_the_number_of_others() {
    let table = RunTable::new("newton");
    let empty = RegionReport::default();
    let mut report = report(&table, &empty);
    report.tables = vec![ReportTable { runs: &table, regions: &empty }; 60];
    report.groups = groups(57);
    let html = render(&report);
    assert!(html.contains("and 10 more computations") && html.contains("and 7 more groups"));
}

#[test]
fn points_of_the_same_place_are_drawn_once() {
    let table = sweep(20_000);
    let regions = regions(&table, planted());
    let html = render(&report(&table, &regions));
    let crosses = html.matches("href=\"#cross\"").count();
    assert!((100..=1001).contains(&crosses), "{crosses}");
    assert!(html.matches("class=\"boundary\"").count() >= 3);
}

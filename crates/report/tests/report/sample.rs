//! Runs and failures for tests.

use chrono::{DateTime, TimeDelta, Utc};
use corpus::{Cell, CellTest, Region, RegionReport, RuleCondition, RunCounts, RunFacts, RunOutcome, RunTable, Session};
use record::{Behaviour, Category, Convergence, Failure, Map, TrailEntry, Value};
use tracing_failure_report::{CorpusReport, ReportGroup, ReportTable};

pub(crate) fn start() -> DateTime<Utc> {
    "2026-11-28T06:00:00Z".parse().unwrap()
}

/// Numbers that look random and are equal in every run.
pub(crate) fn fraction(seed: usize) -> f64 {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 29)) >> 11) as f64 / (1u64 << 53) as f64
}

/// A sweep in which runs fail for `lambda > 37.2 and t_max >= 4.1`.
pub(crate) fn sweep(runs: usize) -> RunTable {
    let mut table = RunTable::new("rg_flow_integration");
    table.set_theoretical_ref("Eq. 1.12");
    for session in 0..8 {
        let mut facts = Session::new(format!("session-{session}"));
        facts.host = Some(format!("n{:04}", session % 3));
        facts.git_commit = Some(["a8952da", "59b3568", "d4e5131"][session / 3].to_owned());
        table.push_session(facts);
    }
    for run in 0..runs {
        let (lambda, t_max) = (50.0 * fraction(3 * run), 0.5 + 5.0 * fraction(3 * run + 1));
        let fails = lambda > 37.2 && t_max >= 4.1 && run % 89 != 0;
        let mut facts = RunFacts::new(if fails { RunOutcome::Failed } else { RunOutcome::Ok });
        facts.ended = Some(start() + TimeDelta::seconds((run * 300_000 / runs) as i64));
        facts.duration_s = 0.01 + fraction(run);
        facts.session = (run * 8 / runs) as u32;
        let method = if run % 3 == 0 { "RK45" } else { "BDF" };
        table.push(
            facts,
            [
                ("lambda", lambda.into()),
                ("t_max", t_max.into()),
                ("method", Cell::Text(method)),
                ("mu", f64::NAN.into()),
            ],
        );
    }
    table
}

pub(crate) fn condition(parameter: &str, test: CellTest) -> RuleCondition {
    RuleCondition { parameter: parameter.to_owned(), test }
}

/// A report with one region.
pub(crate) fn regions(table: &RunTable, conditions: Vec<RuleCondition>) -> RegionReport {
    let mut report = RegionReport::default();
    report.computation = table.computation().to_owned();
    report.counts = RunCounts { failed: table.failed_count() as u64, runs: table.len() as u64 };
    let mut region = Region { conditions, ..Region::default() };
    for run in 0..table.len() {
        if region.matches(|name| table.parameter(name).map_or(Cell::Missing, |column| column.cell(run))) {
            let failed = table.runs()[run].outcome.is_failure();
            region.counts += RunCounts { failed: failed.into(), runs: 1 };
        }
    }
    region.held_out = Some(RunCounts { failed: region.counts.failed / 3, runs: region.counts.runs / 3 });
    report.rules = vec![region];
    report
}

pub(crate) fn planted() -> Vec<RuleCondition> {
    vec![condition("lambda", CellTest::Greater(37.2)), condition("t_max", CellTest::AtLeast(4.1))]
}

/// A failure whose residual grows and becomes infinite.
pub(crate) fn failure(group: usize) -> Failure {
    let name = if group.is_multiple_of(2) { "rg_flow_integration" } else { "newton" };
    let mut failure = Failure::new(name, "Eq. 1.12", "Check", format!("residual is Infinity in variant {group}"));
    failure.timestamp = start() + TimeDelta::hours(group as i64);
    failure.parameters =
        Map::from_iter([("lambda", Value::from(41.5)), ("method", "RK45".into()), ("dt", 0.05.into())]);
    failure.suggested_fixes = vec![
        format!("g grew about {}-fold each time. Halve the step and compare, or use an implicit method.", group + 7),
        "Integrate a variable that stays bounded, such as the inverse.".to_owned(),
    ];
    failure.context.category = Some(Category::NonFinite);
    failure.context.fingerprint = Some(format!("39e71f7b7ba0{group:04x}"));
    let rows = 260;
    let mut trail = TrailEntry::default();
    trail.message = Some("flow step".to_owned());
    (trail.seen, trail.dropped, trail.head) = (500, 240, Some(16));
    trail.elapsed_s = (0..rows).map(f64::from).collect();
    let residual = |row: i32| 1e-3 * 1.1f64.powi(row) * (1.0 + 0.5 * fraction(row as usize));
    let mut residuals: Vec<f64> = (0..rows).map(residual).collect();
    residuals[rows as usize - 1] = f64::INFINITY;
    trail.columns.insert("iteration", (0..rows).collect::<Vec<i32>>());
    trail.columns.insert("g", (0..rows).map(|row| 50.0 - f64::from(row).sqrt()).collect::<Vec<f64>>());
    trail.columns.insert("residual", residuals);
    failure.context.trail.push(trail);
    let mut series = Convergence::new(0, "residual");
    series.behaviour = Behaviour::GeometricGrowth;
    series.rate = Some(1.1);
    series.first_non_finite = Some(record::NonFinite::new(259, f64::INFINITY));
    failure.context.convergence.push(series);
    failure
}

pub(crate) fn groups(count: usize) -> Vec<ReportGroup> {
    let group = |index: usize| {
        let mut group = ReportGroup::of(failure(index));
        group.count = 4000 / (index as u64 + 1);
        group.first = start();
        group
    };
    (0..count).map(group).collect()
}

pub(crate) fn report<'a>(table: &'a RunTable, regions: &'a RegionReport) -> CorpusReport<'a> {
    let mut report = CorpusReport::new("Sweep of December", "2026-12-01T04:00:00Z".parse().unwrap());
    report.tables = vec![ReportTable { runs: table, regions }];
    report
}

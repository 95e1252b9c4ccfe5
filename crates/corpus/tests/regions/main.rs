//! The search finds planted rules, and no rules in noise.

mod counted;
mod planted;

use planted::{Plan, above, at_most, is, is_one_of};
use tracing_failure_corpus::{CellTest, Label, RegionReport, RuleCondition, RunTable, find_regions};

/// A plan for each kind of condition.
fn plans() -> Vec<Plan> {
    let rules = [
        vec![above("mu", 40.0), at_most("rtol", 1e-6)],
        vec![above("mu", 20.0), at_most("rtol", 1e-5), is_one_of("method", &["RK45", "Dopri5"])],
        vec![above("couplings[0]", 12.5), at_most("couplings[1]", 33.3)],
        vec![is("max_steps", CellTest::Missing), above("t_end", 71.5)],
        vec![is("max_steps", CellTest::NotMissing), at_most("opts.atol", 1e-6)],
        vec![is("adaptive", CellTest::In(vec![Label::Bool(true)])), above("x", 0.75), at_most("y", 5e5)],
        vec![above("couplings[0]", -10.0), at_most("couplings[0]", 10.0), above("x", 0.5)],
        vec![is_one_of("opts.tolerance", &["auto"]), above("mu", 10.0), at_most("mu", 100.0)],
        vec![above("mu", 5.0), above("x", 0.4), at_most("couplings[1]", 60.0), is_one_of("method", &["BDF", "LSODA"])],
        vec![above("n", 64.0), above("t_end", 50.0)],
    ];
    let sizes = [(2000, 8, (1.0, 0.0)), (20_000, 40, (0.97, 0.003))];
    let plan = |(index, (rows, sessions, rates)): (u64, (usize, usize, (f64, f64))),
                conditions: &Vec<RuleCondition>| {
        Plan { seed: 7 + index, rows, sessions, rules: vec![conditions.clone()], rates }
    };
    let sized = |size| rules.iter().zip(0..).map(move |(rule, index)| plan((index, size), rule));
    sizes.into_iter().flat_map(sized).collect()
}

/// Returns true if a rule has a condition like the planted one: the same test, or a threshold that at most `margin` of
/// the runs that satisfy the other conditions separate from the planted one.
fn has_condition(
    table: &RunTable,
    rule: &[RuleCondition],
    planted: &[RuleCondition],
    index: usize,
    margin: usize,
) -> bool {
    let wanted = &planted[index];
    let cell = |condition: &RuleCondition, row: usize| table.parameter(&condition.parameter).unwrap().cell(row);
    let others = planted.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, condition)| condition);
    let is_relevant = |row: &usize| others.clone().all(|condition| condition.test.matches(cell(condition, *row)));
    let rows: Vec<usize> = (0..table.len()).filter(is_relevant).collect();
    let is_like = |found: &RuleCondition| {
        let differs = |row: &&usize| found.test.matches(cell(found, **row)) != wanted.test.matches(cell(wanted, **row));
        let are_limits = threshold(&found.test).is_some() == threshold(&wanted.test).is_some();
        found.parameter == wanted.parameter && are_limits && rows.iter().filter(differs).count() <= margin
    };
    rule.iter().any(is_like)
}

fn threshold(test: &CellTest) -> Option<f64> {
    match *test {
        CellTest::Greater(at) | CellTest::AtLeast(at) | CellTest::Less(at) | CellTest::AtMost(at) => Some(at),
        _ => None,
    }
}

fn text(report: &RegionReport) -> String {
    let rule =
        |rule: &tracing_failure_corpus::Region| format!("{rule}: {:?}, held out {:?}", rule.counts, rule.held_out);
    report.rules.iter().map(rule).collect::<Vec<_>>().join("\n")
}

#[test]
fn planted_rules_are_found() {
    let mut wrong = Vec::new();
    for plan in plans() {
        let table = plan.table();
        let report = find_regions(&table);
        let margin = if plan.rates.1 > 0.0 { 5 } else { 0 };
        let rule = report.rules.first().map_or(&[][..], |rule| &rule.conditions);
        let is_missing = |index: &usize| !has_condition(&table, rule, &plan.rules[0], *index, margin);
        let missing: Vec<String> =
            (0..plan.rules[0].len()).filter(is_missing).map(|index| plan.rules[0][index].to_string()).collect();
        let extra = report.rules.first().map_or(0, |rule| rule.conditions.len()) > plan.rules[0].len();
        if !missing.is_empty() || extra || report.rules.len() != 1 {
            let rows = plan.rows;
            wrong.push(format!(
                "{rows} rows, {:?}\nmissing {missing:?} in\n{}\n{:?}",
                report.counts,
                text(&report),
                report.notes
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of 20:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn noise_has_no_rules() {
    let rules = (0..100).map(|seed| {
        let plan = Plan {
            seed: 1000 + seed,
            rows: [540, 2000, 5000][seed as usize % 3],
            sessions: [1, 6, 20][seed as usize / 3 % 3],
            rules: Vec::new(),
            rates: ([0.02, 0.085, 0.3][seed as usize / 9 % 3], 0.0),
        };
        find_regions(&plan.table()).rules.len()
    });
    let count: usize = rules.sum();
    assert!(count <= 5, "{count} rules in noise");
}

#[test]
fn overlapping_rules_are_separated() {
    for (seed, rates) in [(1, (1.0, 0.0)), (2, (1.0, 0.0)), (3, (0.97, 0.005))] {
        let rules = vec![vec![above("mu", 10.0)], vec![at_most("rtol", 1e-6)], vec![is("theta", CellTest::NotFinite)]];
        let report = find_regions(&Plan { seed, rows: 6000, sessions: 12, rules, rates }.table());
        let mut texts: Vec<String> = report.rules.iter().map(ToString::to_string).collect();
        texts.sort();
        assert_eq!(texts, ["mu > 10", "rtol <= 1e-6", "theta is not finite"]);
    }
}

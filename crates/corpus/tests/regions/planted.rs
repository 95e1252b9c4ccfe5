//! Tables of runs with rules that decide which of them fail.

use tracing_failure_corpus::{Cell, CellTest, Label, RuleCondition, RunFacts, RunOutcome, RunTable, Session};

/// A generator of random numbers: SplitMix64. Equal seeds give equal tables.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }
}

const METHODS: [&str; 5] = ["RK45", "Radau", "BDF", "Dopri5", "LSODA"];

/// The description of a table.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) rows: usize,
    pub(crate) sessions: usize,
    /// The rules of the runs that fail: each a list of conditions.
    pub(crate) rules: Vec<Vec<RuleCondition>>,
    /// The failure rates inside and outside.
    pub(crate) rates: (f64, f64),
}

pub(crate) fn above(parameter: &str, threshold: f64) -> RuleCondition {
    RuleCondition { parameter: parameter.to_owned(), test: CellTest::Greater(threshold) }
}

pub(crate) fn at_most(parameter: &str, threshold: f64) -> RuleCondition {
    RuleCondition { parameter: parameter.to_owned(), test: CellTest::AtMost(threshold) }
}

pub(crate) fn is_one_of(parameter: &str, labels: &[&str]) -> RuleCondition {
    let labels = labels.iter().map(|label| Label::Text((*label).to_owned())).collect();
    RuleCondition { parameter: parameter.to_owned(), test: CellTest::In(labels) }
}

pub(crate) fn is(parameter: &str, test: CellTest) -> RuleCondition {
    RuleCondition { parameter: parameter.to_owned(), test }
}

impl Plan {
    /// Creates a table with 20 parameters of all kinds.
    pub(crate) fn table(&self) -> RunTable {
        let mut random = Random(self.seed);
        let mut table = RunTable::new("planted");
        for session in 0..self.sessions {
            table.push_session(Session::new(format!("session-{session}")));
        }
        for row in 0..self.rows {
            let parameters = parameters(row, &mut random);
            let cells: Vec<(&str, Cell<'_>)> = parameters.iter().map(|(name, value)| (*name, value.cell())).collect();
            let cell =
                |name: &str| cells.iter().find(|(known, _)| *known == name).map_or(Cell::Missing, |entry| entry.1);
            let matches = |condition: &RuleCondition| condition.test.matches(cell(&condition.parameter));
            let is_inside = self.rules.iter().any(|rule| rule.iter().all(matches));
            let rate = if is_inside { self.rates.0 } else { self.rates.1 };
            let fails = random.unit() < rate;
            let mut run = RunFacts::new(if fails { RunOutcome::Failed } else { RunOutcome::Ok });
            run.session = (row % self.sessions) as u32;
            table.push(run, cells);
        }
        table
    }
}

enum Entry {
    Number(f64),
    Text(String),
    Bool(bool),
    Missing,
}

impl Entry {
    fn cell(&self) -> Cell<'_> {
        match self {
            Entry::Number(number) => Cell::from(*number),
            Entry::Text(text) => Cell::Text(text),
            Entry::Bool(value) => Cell::Bool(*value),
            Entry::Missing => Cell::Missing,
        }
    }
}

fn parameters(row: usize, random: &mut Random) -> [(&'static str, Entry); 20] {
    let mu = 10_f64.powf(random.unit() * 3.5 - 1.0);
    let mu_copy = mu * (1.0 + 0.05 * (random.unit() - 0.5));
    let steps = match random.below(4) {
        0 => Entry::Number([1000.0, 10_000.0][random.below(2)]),
        _ => Entry::Missing,
    };
    let theta = if random.unit() < 0.03 { f64::NAN } else { random.unit() };
    let tolerance = if random.unit() < 0.3 { Entry::Text("auto".to_owned()) } else { Entry::Number(random.unit()) };
    [
        ("mu", Entry::Number(mu)),
        ("rtol", Entry::Number(10_f64.powf(-2.0 - 10.0 * random.unit()))),
        ("method", Entry::Text(METHODS[random.below(METHODS.len())].to_owned())),
        ("n", Entry::Number([16.0, 32.0, 64.0, 128.0, 256.0][random.below(5)])),
        ("max_steps", steps),
        ("theta", Entry::Number(theta)),
        ("adaptive", Entry::Bool(random.below(2) == 1)),
        ("couplings[0]", Entry::Number(random.unit() * 100.0 - 50.0)),
        ("couplings[1]", Entry::Number(random.unit() * 100.0)),
        ("opts.atol", Entry::Number(10_f64.powf(-3.0 - 6.0 * random.unit()))),
        ("opts.tolerance", tolerance),
        ("t_end", Entry::Number((random.unit() * 1000.0).round() / 10.0)),
        ("mu_measured", Entry::Number(mu_copy)),
        ("seed", Entry::Number((random.next() >> 32) as f64)),
        ("run", Entry::Number(row as f64)),
        ("label", Entry::Text(format!("run-{row}"))),
        ("version", Entry::Number(3.0)),
        ("x", Entry::Number(random.unit())),
        ("y", Entry::Number(random.unit() * 1e6)),
        ("z", Entry::Number(random.below(10) as f64)),
    ]
}

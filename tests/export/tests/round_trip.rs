//! Any runs: what is exported is read again.

use chrono::DateTime;
use corpus::{Cell, FailedRun, RunFacts, RunOutcome, RunTable, Session};
use proptest::prelude::*;
use tracing_failure_export_tests::{corpus_of, export_to, read_from, runs_of};
use uuid::Uuid;

/// A value that a run can have.
#[derive(Clone, Debug)]
enum Drawn {
    Missing,
    Number(f64),
    Text(String),
    Bool(bool),
}

impl Drawn {
    fn cell(&self) -> Cell<'_> {
        match self {
            Drawn::Missing => Cell::Missing,
            Drawn::Number(number) => Cell::from(*number),
            Drawn::Text(text) => Cell::Text(text),
            Drawn::Bool(value) => Cell::Bool(*value),
        }
    }
}

#[derive(Clone, Debug)]
struct DrawnRun {
    ended: Option<i64>,
    duration_s: f64,
    outcome: usize,
    session: u8,
    failure: Option<(u64, bool)>,
    parameters: Vec<(String, Drawn)>,
    digest: Option<f64>,
}

fn number() -> impl Strategy<Value = f64> {
    let special = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, 5e-324, f64::MAX, 1e15];
    prop_oneof![any::<f64>(), prop::sample::select(special.to_vec()), (-9_i64..9).prop_map(|x| x as f64)]
}

fn text() -> impl Strategy<Value = String> {
    let special = ["", "true", "false", "NaN", "null", "\"flag\":true", "\"", "\\", "ü\n\0\u{2028}", "1.5"];
    let special: Vec<String> = special.into_iter().map(str::to_owned).chain(["x".repeat(100_000)]).collect();
    prop_oneof![".*", prop::sample::select(special)]
}

fn name() -> impl Strategy<Value = String> {
    let special =
        ["lambda", "x", "x.text", "x.text~", "text", "", "flag", "opts.rtol", "c[0]", "X", "a b", "\"", "p.x"];
    prop_oneof![prop::sample::select(special.map(str::to_owned).to_vec()), "[a-cA-C.~\"]{0,3}", "[\"{,]{0,2}flag"]
}

fn value() -> impl Strategy<Value = Drawn> {
    prop_oneof![
        Just(Drawn::Missing),
        number().prop_map(Drawn::Number),
        text().prop_map(Drawn::Text),
        any::<bool>().prop_map(Drawn::Bool),
    ]
}

fn run() -> impl Strategy<Value = DrawnRun> {
    let ended = prop::option::of(0_i64..4_000_000_000_000_000);
    let failure = prop::option::of((0_u64..1 << 40, any::<bool>()));
    let parameters = prop::collection::vec((name(), value()), 0..6);
    let digest = prop::option::of(number());
    let facts = (ended, number(), 0..RunOutcome::ALL.len(), 0_u8..4, failure, parameters, digest);
    facts.prop_map(|(ended, duration_s, outcome, session, failure, parameters, digest)| DrawnRun {
        ended,
        duration_s,
        outcome,
        session,
        failure,
        parameters,
        digest,
    })
}

fn session(number: u8) -> Session {
    // One session is unknown, and one has a hostile id.
    let mut session = Session::new(["", "01a2147a", "../../s", "S 3"][usize::from(number)]);
    if number > 1 {
        session.host = Some("node-1".to_owned());
        session.rank = Some(u64::from(number));
        session.job_id = Some("4711".to_owned());
        session.git_commit = Some("c5bf7b0".to_owned());
        session.package = Some("flow".to_owned());
        session.version = Some("0.1.0".to_owned());
    }
    session
}

fn table(computation: &str, runs: &[DrawnRun]) -> RunTable {
    let mut table = RunTable::new(computation);
    table.set_theoretical_ref("Eq. 1.12");
    for (index, drawn) in runs.iter().enumerate() {
        let mut run = RunFacts::new(RunOutcome::ALL[drawn.outcome]);
        run.ended = drawn.ended.and_then(DateTime::from_timestamp_micros);
        run.duration_s = drawn.duration_s;
        run.session = table.push_session(session(drawn.session));
        run.failure = drawn.failure.map(|(millis, has_record)| {
            let mut failure = FailedRun::default();
            let id = uuid::Builder::from_unix_timestamp_millis(millis, &[index as u8; 10]).into_uuid();
            failure.id = Some(id).filter(|id: &Uuid| !id.is_nil());
            if has_record {
                failure.category = Some("not_finite".to_owned());
                failure.fingerprint = Some("0f".to_owned());
                failure.error_type = Some("flow::Error".to_owned());
                failure.error_message = Some("NaN at \"t\" = 1\n".to_owned());
            }
            table.push_failure(failure)
        });
        table.push(run, drawn.parameters.iter().map(|(name, value)| (&**name, value.cell())));
        if let Some(digest) = drawn.digest {
            table.push_digest("newton step.residual.rate", digest.into());
        }
    }
    table
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exported_runs_are_read_again(
        computation in prop_oneof![Just("rg_flow".to_owned()), "[a/.%= λ\"\n]{0,4}", "x{300}"],
        runs in prop::collection::vec(run(), 1..12),
    ) {
        let table = table(&computation, &runs);
        let expected = runs_of(&table);
        let corpus = corpus_of(vec![table]);
        let dir = tempfile::tempdir().unwrap();
        // The second export replaces the files of the first one.
        for _ in 0..2 {
            let report = export_to(&corpus, dir.path());
            prop_assert_eq!(report.computations[0].kept_runs, 0);
            let read = read_from(dir.path());
            prop_assert_eq!(read.corpus.skipped().parts(), []);
            prop_assert_eq!(read.corpus.tables().len(), 1);
            prop_assert_eq!(&runs_of(read.corpus.table(&computation).unwrap()), &expected);
        }
        // A run that is read from logs and from files counts once.
        let mut merged = corpus.clone();
        merged.merge(read_from(dir.path()).corpus);
        prop_assert_eq!(merged.table(&computation).unwrap().len(), runs.len());
    }
}

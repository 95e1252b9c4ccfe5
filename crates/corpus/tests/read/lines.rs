//! The values of closing lines.

use tracing_failure_corpus::{Cell, RunOutcome};

use crate::{cells, corpus_of, line};

#[test]
fn a_line_is_a_run() {
    let (_dir, corpus) = corpus_of(&line(r#""mu":1.5,"method":"RK45","dense":true,"seed":null"#, "ok", ""));
    let runs = corpus.table("flow").unwrap();
    assert_eq!((runs.len(), runs.theoretical_ref(), &*runs.sessions()[0].id), (1, "Eq. 1.12", "s1"));
    let run = &runs.runs()[0];
    assert_eq!((run.outcome, run.duration_s, run.session, run.failure), (RunOutcome::Ok, 0.5, 0, None));
    assert_eq!(run.ended.unwrap().to_rfc3339(), "2025-12-27T04:30:00+00:00");
    let names: Vec<&str> = runs.parameters().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["mu", "method", "dense", "seed"]);
    let values: Vec<Cell<'_>> = runs.parameters().iter().map(|column| column.cell(0)).collect();
    assert_eq!(values, [Cell::Number(1.5), Cell::Text("RK45"), Cell::Bool(true), Cell::Missing]);
}

#[test]
fn nested_values_have_paths() {
    let parameters =
        r#""c":[1,[2,"NaN"]],"opts":{"rtol":1e-6,"deep":{"x":"-Infinity"},"none":{}},"opts.rtol":7,"e":[]"#;
    let (_dir, corpus) = corpus_of(&line(parameters, "ok", ""));
    let columns = corpus.table("flow").unwrap().parameters();
    let values: Vec<(&str, String)> =
        columns.iter().map(|column| (column.name(), format!("{:?}", column.cell(0)))).collect();
    let expected = [
        ("c[0]", "Number(1.0)"),
        ("c[1][0]", "Number(2.0)"),
        ("c[1][1]", "NotFinite(NaN)"),
        ("opts.rtol", "Number(1e-6)"),
        ("opts.deep.x", "NotFinite(-inf)"),
        ("opts.none", "Missing"),
        ("e", "Missing"),
    ];
    assert_eq!(values, expected.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn a_column_may_mix_types_and_miss_values() {
    let lines = [r#""a":1"#, r#""b":2"#, r#""a":"auto","b":false"#, r#""a":9007199254740993"#];
    let (_dir, corpus) = corpus_of(&lines.map(|parameters| line(parameters, "ok", "")).concat());
    let a = [Cell::Number(1.0), Cell::Missing, Cell::Text("auto"), Cell::Number(9_007_199_254_740_992.0)];
    assert_eq!(cells(&corpus, "a"), a);
    assert_eq!(cells(&corpus, "b"), [Cell::Missing, Cell::Number(2.0), Cell::Bool(false), Cell::Missing]);
}

#[test]
fn keys_may_come_in_any_order_and_with_spaces() {
    let text = r#"{ "session_id": "s2", "parameters": {"mu": 2, "name": "a\"b\u00e9"}, "unknown": [{"x": [1]}],
 "outcome": "failed", "computation": "flow", "message": "computation closed" }"#;
    let (_dir, corpus) = corpus_of(&(text.replace('\n', "") + "\r\n" + &line(r#""mu":1"#, "ok", "")));
    assert!(corpus.skipped().is_empty(), "{:?}", corpus.skipped());
    assert_eq!(cells(&corpus, "mu"), [Cell::Number(2.0), Cell::Number(1.0)]);
    assert_eq!(cells(&corpus, "name"), [Cell::Text("a\"bé"), Cell::Missing]);
    let runs = corpus.table("flow").unwrap();
    assert!(runs.runs()[0].ended.is_none() && runs.runs()[0].duration_s.is_nan());
}

#[test]
fn bare_nan_of_other_programs_is_a_number() {
    let (_dir, corpus) = corpus_of(&line(r#""mu":NaN,"nu":-Infinity"#, "ok", ""));
    assert!(matches!(cells(&corpus, "mu")[0], Cell::NotFinite(mu) if mu.is_nan()));
    assert_eq!(cells(&corpus, "nu"), [Cell::NotFinite(f64::NEG_INFINITY)]);
}

#[test]
fn a_session_line_describes_the_session() {
    let start =
        r#"{"timestamp":"2025-12-27T04:30:00.000Z","message":"session","session_id":"s1","host":"n01","rank":3"#;
    let end = r#""job_id":"4711","git_commit":"abc","package":"p","version":"1"}"#;
    let (_dir, corpus) = corpus_of(&format!("{start},{end}\n{}", line(r#""mu":1"#, "ok", "")));
    let session = &corpus.table("flow").unwrap().sessions()[0];
    assert_eq!(
        (session.host.as_deref(), session.rank, session.job_id.as_deref()),
        (Some("n01"), Some(3), Some("4711"))
    );
    assert_eq!(session.git_commit.as_deref(), Some("abc"));
}

#[test]
fn trail_digests_have_columns() {
    let trail = r#","trail":{"newton step":{"residual":{"first":1.0,"last":"NaN","rate":0.45,"rows":12}}}"#;
    let (_dir, corpus) = corpus_of(&[line("", "ok", ""), line("", "ok", trail)].concat());
    let digests = corpus.table("flow").unwrap().digests();
    let names: Vec<&str> = digests.iter().map(|column| column.name()).collect();
    let path = |value| format!("newton step.residual.{value}");
    assert_eq!(names, [path("first"), path("last"), path("rate"), path("rows")]);
    assert_eq!((digests[0].cell(0), digests[2].cell(1)), (Cell::Missing, Cell::Number(0.45)));
}

#[test]
fn limits_are_noted() {
    let many = (0..600).map(|k| format!(r#""p{k}":{k}"#)).collect::<Vec<_>>().join(",");
    let array = (0..70).map(|k| k.to_string()).collect::<Vec<_>>().join(",");
    let lines = [line(&format!(r#""a":[{array}]"#), "ok", ""), line(&many, "odd", "")].concat();
    let (_dir, corpus) = corpus_of(&lines);
    let runs = corpus.table("flow").unwrap();
    assert_eq!(runs.parameters().len(), 512);
    assert!(runs.parameter("a[63]").is_some() && runs.parameter("a[64]").is_none());
    assert_eq!(runs.runs()[1].outcome, RunOutcome::Unknown);
    assert_eq!(
        corpus.notes(),
        [
            "flow has more than 512 parameters: only the first 512 are read.",
            "flow has longer arrays: only the first 64 entries of each are read.",
            "The outcome \"odd\" is not known to this version: it counts as an unknown outcome.",
        ]
    );
}

#[test]
fn large_arguments_of_failed_runs_are_not_compared() {
    let failed = line(r#""mu":40,"options":{"tol":1,"deep":[2]},"flag":1"#, "failed", "");
    let ok = line(r#""mu":1,"c":[1]"#, "ok", "");
    let (_dir, corpus) = corpus_of(&[&*failed, &ok, &failed].concat());
    let runs = corpus.table("flow").unwrap();
    let names: Vec<&str> = runs.parameters().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["mu", "flag", "c[0]"]);
    assert_eq!(runs.parameter("c[0]").unwrap().cell(1), Cell::Number(1.0));
    assert!(runs.parameter("options.tol").is_none());
    assert!(matches!(corpus.notes(), [note] if note.contains("have options")), "{:?}", corpus.notes());

    let (_dir, corpus) = corpus_of(&failed);
    assert!(corpus.table("flow").unwrap().parameter("options.deep[0]").is_some(), "there is nothing to compare");
}

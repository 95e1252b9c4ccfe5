//! Corpora of real files.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tempfile::{TempDir, tempdir};
use tracing_failure::{Failure, Store};
use tracing_failure_corpus::{Cell, Corpus, CorpusError, ReadOptions, RunOutcome};

fn read(dirs: &[&Path]) -> Result<Corpus, CorpusError> {
    read_with(dirs, &ReadOptions::default())
}

fn read_with(dirs: &[&Path], options: &ReadOptions) -> Result<Corpus, CorpusError> {
    let dirs: Vec<PathBuf> = dirs.iter().map(|dir| (*dir).to_owned()).collect();
    Corpus::read(&dirs, options, &mut |_| ControlFlow::Continue(()))
}

/// Writes a file below a directory, and the directories above it.
fn write(dir: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

/// Returns a closing line with its newline.
fn line(parameters: &str, outcome: &str, more: &str) -> String {
    let start =
        r#"{"timestamp":"2025-12-27T04:30:00.000Z","level":"INFO","target":"sweep","message":"computation closed""#;
    let computation = r#""computation":"flow","theoretical_ref":"Eq. 1.12","parameters":"#;
    let end = format!(r#""outcome":"{outcome}","duration_s":0.5,"session_id":"s1"{more}"#);
    format!("{start},{computation}{{{parameters}}},{end}}}\n")
}

fn corpus_of(lines: &str) -> (TempDir, Corpus) {
    let dir = tempdir().unwrap();
    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", lines);
    let corpus = read(&[dir.path()]).unwrap();
    (dir, corpus)
}

/// The values of a parameter of the computation `flow`.
fn cells<'a>(corpus: &'a Corpus, name: &str) -> Vec<Cell<'a>> {
    corpus.table("flow").unwrap().parameter(name).unwrap().cells().collect()
}

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
fn malformed_lines_are_reported_and_a_half_line_is_not() {
    let good = line(r#""mu":1"#, "ok", "");
    let dir = tempdir().unwrap();
    let mut text = good.repeat(2).into_bytes();
    text.extend(b"{\"timestamp\":\"x\",\n\xff\xfe\n\n");
    text.extend(good.as_bytes());
    text.extend(&good.as_bytes()[..good.len() / 2]);
    let path = write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", text);
    let corpus = read(&[dir.path()]).unwrap();
    assert_eq!(corpus.table("flow").unwrap().len(), 3);
    let skipped = corpus.skipped();
    assert_eq!((skipped.lines(), skipped.files(), skipped.unfinished_lines()), (2, 0, 1));
    let parts: Vec<_> = skipped.parts().iter().map(|part| (part.path.clone(), part.line)).collect();
    assert_eq!(parts, [(path.clone(), Some(3)), (path.clone(), Some(4))]);
    assert_eq!(skipped.parts()[1].to_string(), format!("{}:4: the line is not UTF-8", path.display()));
}

#[test]
fn a_last_line_without_newline_counts_if_it_is_whole() {
    let (_dir, corpus) = corpus_of(line(r#""mu":1"#, "ok", "").trim_end());
    assert_eq!(corpus.table("flow").unwrap().len(), 1);
    assert_eq!(corpus.skipped().unfinished_lines(), 0);
}

#[test]
fn long_lines_are_skipped_and_the_next_ones_read() {
    let long = line(&format!(r#""text":"{}""#, "x".repeat(40 << 20)), "ok", "");
    let medium = line(&format!(r#""text":"{}""#, "x".repeat(5 << 20)), "ok", "");
    let short = line(r#""mu":1"#, "ok", "");
    let (_dir, corpus) = corpus_of(&[&*short, &long, &short, &medium, &short].concat());
    assert_eq!(corpus.table("flow").unwrap().len(), 4);
    let parts: Vec<String> = corpus.skipped().parts().iter().map(ToString::to_string).collect();
    assert!(matches!(&*parts, [part] if part.ends_with(":2: the line is longer than 16 MiB")), "{parts:?}");
}

#[test]
fn many_chunks_keep_order_and_line_numbers() {
    let mut lines: Vec<String> = (0..20_000).map(|k| line(&format!(r#""k":{k},"m":"t{}""#, k % 7), "ok", "")).collect();
    lines[15_000] = "{\n".to_owned();
    let (_dir, corpus) = corpus_of(&lines.concat());
    assert_eq!(corpus.skipped().parts()[0].line, Some(15_001));
    let expected: Vec<f64> = (0..20_000).filter(|k| *k != 15_000).map(f64::from).collect();
    let read: Vec<f64> =
        cells(&corpus, "k").into_iter().map(|cell| if let Cell::Number(k) = cell { k } else { f64::NAN }).collect();
    assert_eq!(read, expected);
    let texts = corpus.table("flow").unwrap().parameter("m").unwrap();
    assert_eq!(texts.texts().collect::<Vec<_>>(), ["t0", "t1", "t2", "t3", "t4", "t5", "t6"]);
    assert_eq!(texts.cell(19_000), Cell::Text("t3"), "19,001 % 7");
}

#[test]
fn older_logs_have_other_lines_too() {
    let dir = tempdir().unwrap();
    let start = r#"{"timestamp":"2025-12-27T04:30:00.000Z","level":"INFO","target":"t","message":"step""#;
    let event = format!(r#"{start},"fields":{{}},"spans":[],"session_id":"s1"}}"#);
    let user_event = event.replace("\"step\"", "\"computation closed\"");
    let mentioned = event.replace("\"fields\":{}", "\"fields\":{\"of\":\"computation closed\"}");
    let text = format!("{event}\n{user_event}\nnot JSON\n{}{mentioned}\n{event}\n", line(r#""mu":1"#, "ok", ""));
    write(dir.path(), "logs/runtime_20251227_s1_0000.jsonl", text);
    write(dir.path(), "logs/runtime_20251227_s2_0000.jsonl", format!("{event}\n"));
    let corpus = read(&[dir.path()]).unwrap();
    assert_eq!(corpus.tables().len(), 1);
    assert_eq!(cells(&corpus, "mu"), [Cell::Number(1.0)]);
    assert!(corpus.skipped().is_empty(), "{:?}", corpus.skipped());
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

fn failure(id: &str, computation: &str) -> Failure {
    let json = serde_json::json!({
        "timestamp": "2025-12-27T04:30:00.000Z",
        "computation": computation,
        "theoretical_ref": "Eq. 1.12",
        "error_type": "Diverged",
        "error_message": "pole",
        "parameters": {"mu": 41.0, "opts": {"tol": 1e-6}},
        "stack_trace": "",
        "context": {
            "id": id, "session_id": "s1", "category": "panic", "fingerprint": "f00d", "elapsed_s": 2.5, "rank": 3,
            "process": {"pid": 1, "host": "n01"},
            "build": {"git_commit": "abc"},
            "trail": [{"message": "step", "seen": 3, "dropped": 0, "elapsed_s": [], "columns": {}}],
            "convergence": [{"trail": 0, "column": "norm", "behaviour": "geometric_growth", "rate": 2.0, "rows": 3}],
        },
        "suggested_fixes": [],
    });
    Failure::from_json(&json.to_string()).unwrap()
}

const ID: &str = "01a21351-ff9b-736d-ac9d-0e7e3264969e";
const OTHER_ID: &str = "01a21351-ff9b-736d-ac9d-0e7e3264969f";

#[test]
fn a_record_and_its_line_are_one_run() {
    let dir = tempdir().unwrap();
    let failed = line(r#""mu":40.5"#, "failed", &format!(r#","failure_id":"{ID}""#));
    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", line(r#""mu":1"#, "ok", "") + &failed);
    let path = Store::open(dir.path().join("failures")).unwrap().write(&failure(ID, "flow")).unwrap();
    for given in [dir.path().to_owned(), dir.path().join("failures"), dir.path().join("logs")] {
        let corpus = read(&[&given]).unwrap();
        assert_eq!(cells(&corpus, "mu"), [Cell::Number(1.0), Cell::Number(40.5)], "the line counts");
        let runs = corpus.table("flow").unwrap();
        assert!(runs.parameter("opts.tol").is_none(), "successes have no such parameter");
        let run = &runs.runs()[1];
        assert_eq!((run.outcome, run.duration_s), (RunOutcome::Failed, 0.5));
        let record = &runs.failures()[run.failure.unwrap() as usize];
        assert_eq!(record.id.unwrap().to_string(), ID);
        assert_eq!(record.path.as_deref().unwrap().file_name(), path.file_name());
        assert_eq!((record.category.as_deref(), record.fingerprint.as_deref()), (Some("panic"), Some("f00d")));
        assert_eq!((record.error_type.as_deref(), record.error_message.as_deref()), (Some("Diverged"), Some("pole")));
        let session = &runs.sessions()[run.session as usize];
        assert_eq!(
            (session.host.as_deref(), session.rank, session.git_commit.as_deref()),
            (Some("n01"), Some(3), Some("abc"))
        );
        assert_eq!(runs.digests()[0].name(), "step.norm.rate");
        assert_eq!((runs.digests()[0].cell(0), runs.digests()[0].cell(1)), (Cell::Missing, Cell::Number(2.0)));
    }
}

#[test]
fn a_record_without_a_line_is_a_run() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path().join("failures")).unwrap();
    store.write(&failure(ID, "flow")).unwrap();
    store.flush().unwrap();
    let corpus = read(&[dir.path()]).unwrap();
    let runs = corpus.table("flow").unwrap();
    assert_eq!((runs.len(), runs.failed_count(), runs.runs()[0].duration_s), (1, 1, 2.5));
    assert_eq!(cells(&corpus, "opts.tol"), [Cell::Number(1e-6)]);

    // With lines to compare, only their parameters count.
    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", line(r#""mu":1"#, "ok", ""));
    let corpus = read(&[dir.path()]).unwrap();
    assert_eq!(cells(&corpus, "mu"), [Cell::Number(1.0), Cell::Number(41.0)]);
    assert!(corpus.table("flow").unwrap().parameter("opts.tol").is_none());
}

#[test]
fn nested_computations_share_a_record() {
    let dir = tempdir().unwrap();
    let failed = line(r#""mu":40.5"#, "failed", &format!(r#","failure_id":"{ID}""#));
    let lines = failed.clone() + &failed.replace("\"flow\"", "\"outer\"");
    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", lines);
    let store = Store::open(dir.path().join("failures")).unwrap();
    store.write(&failure(ID, "flow")).unwrap();
    store.write(&failure(OTHER_ID, "flow")).unwrap();
    let corpus = read(&[dir.path()]).unwrap();
    assert_eq!((corpus.table("flow").unwrap().len(), corpus.table("outer").unwrap().len()), (2, 1));
    assert_eq!(corpus.table("outer").unwrap().failures()[0].category.as_deref(), Some("panic"));
}

#[test]
fn hosts_are_read_together_and_copies_count_once() {
    let dir = tempdir().unwrap();
    let series = |host: &str| format!("hosts/{host}/io/logs/computations_20251227_{host}_0000.jsonl");
    let lines = |host: &str| -> String {
        let run = |k: u32| line(&format!(r#""mu":{k}"#), "ok", "").replace("\"s1\"", &format!("\"{host}\""));
        (0..50).map(run).collect()
    };
    for host in ["n01", "n02"] {
        write(dir.path(), &series(host), lines(host));
        Store::open(dir.path().join("hosts").join(host).join("io/failures"))
            .unwrap()
            .write(&failure(ID, "flow"))
            .unwrap();
    }
    // A copy, a copy of a file that was still being written, and a directory that links to its parent.
    write(dir.path(), "hosts/n03/io/logs/computations_20251227_n01_0000 (1).jsonl", lines("n01"));
    write(dir.path(), "hosts/n04/io/logs/computations_20251227_n02_0000.jsonl", &lines("n02")[..3001]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path(), dir.path().join("hosts/loop")).unwrap();
    for dirs in [vec![dir.path().to_owned()], vec![dir.path().join("hosts/n01"), dir.path().to_owned()]] {
        let dirs: Vec<&Path> = dirs.iter().map(PathBuf::as_path).collect();
        let corpus = read(&dirs).unwrap();
        let runs = corpus.table("flow").unwrap();
        assert_eq!((runs.len(), runs.failed_count(), corpus.skipped().copies()), (101, 1, 3));
        assert_eq!(runs.sessions().len(), 3, "n01, n02 and that of the record");
    }
}

#[test]
fn foreign_files_are_not_read() {
    let dir = tempdir().unwrap();
    for name in ["data.json", "logs/server.jsonl", ".hidden/logs/computations_1_s_0.jsonl", "computations_old/x.jsonl"]
    {
        write(dir.path(), name, "not JSON");
    }
    let error = read(&[dir.path()]).unwrap_err();
    assert!(matches!(&error, CorpusError::NoComputations(dirs) if dirs == &[dir.path()]), "{error:?}");
    assert!(error.to_string().contains(&dir.path().display().to_string()));

    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", line("", "ok", ""));
    let broken = write(dir.path(), "failures/broken.json", "{");
    let corpus = read(&[dir.path()]).unwrap();
    assert_eq!((corpus.skipped().files(), corpus.skipped().lines()), (1, 0));
    assert_eq!(corpus.skipped().parts()[0].path, broken);
}

#[test]
fn a_computation_and_a_time_range_can_be_chosen() {
    let dir = tempdir().unwrap();
    let run = line(r#""mu":1"#, "ok", "");
    let later = run.replace("T04:30", "T05:30");
    let failed = line(r#""mu":40"#, "failed", &format!(r#","failure_id":"{ID}""#));
    let lines = [&*run, &later, &run.replace("\"flow\"", "\"newton\""), &failed].concat();
    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", lines);
    Store::open(dir.path().join("failures")).unwrap().write(&failure(ID, "flow")).unwrap();
    let mut options = ReadOptions::default();
    options.computation = Some("flow".to_owned());
    let corpus = read_with(&[dir.path()], &options).unwrap();
    assert_eq!((corpus.tables().len(), corpus.table("flow").unwrap().len()), (1, 3));

    options.since = Some("2025-12-27T05:00:00Z".parse().unwrap());
    assert_eq!(read_with(&[dir.path()], &options).unwrap().table("flow").unwrap().len(), 1);
    options.until = options.since;
    let error = read_with(&[dir.path()], &options).unwrap_err();
    assert!(matches!(error, CorpusError::NoneInTimeRange(_)), "{error:?}");
    options = ReadOptions::default();
    options.computation = Some("flux".to_owned());
    let error = read_with(&[dir.path()], &options).unwrap_err();
    assert_eq!(error.to_string(), "no computation 'flux': the directories contain flow, newton");
}

#[test]
fn reading_can_be_cancelled() {
    let dir = tempdir().unwrap();
    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", line(r#""mu":1"#, "ok", "").repeat(20_000));
    let mut calls = 0;
    let result = Corpus::read(&[dir.path().to_owned()], &ReadOptions::default(), &mut |progress| {
        calls += 1;
        assert!(0 < progress.done && progress.done <= progress.total);
        ControlFlow::Break(())
    });
    assert!(matches!(result, Err(CorpusError::Cancelled)) && calls == 1);
}

#[test]
fn progress_ends_at_the_total() {
    let dir = tempdir().unwrap();
    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", line(r#""mu":1"#, "ok", "").repeat(20_000));
    Store::open(dir.path().join("failures")).unwrap().write(&failure(ID, "flow")).unwrap();
    let mut seen = Vec::new();
    let keep = &mut |progress: tracing_failure_corpus::ReadProgress| {
        seen.push(progress);
        ControlFlow::Continue(())
    };
    Corpus::read(&[dir.path().to_owned()], &ReadOptions::default(), keep).unwrap();
    assert!(seen.len() > 4 && seen.is_sorted_by_key(|progress| progress.done));
    assert!(seen.last().is_some_and(|progress| progress.done == progress.total));
}

#[test]
fn errors_name_the_path() {
    let dir = tempdir().unwrap();
    let text = write(dir.path(), "notes.txt", "");
    assert!(matches!(read(&[&text]), Err(CorpusError::Foreign(path)) if path == text));
    let missing = dir.path().join("missing");
    let error = read(&[&missing]).unwrap_err();
    assert!(error.to_string().contains(&missing.display().to_string()), "{error}");
}

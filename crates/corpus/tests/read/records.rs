//! Records and closing lines of the same failures.

use tempfile::tempdir;
use tracing_failure::Store;
use tracing_failure_corpus::{Cell, RunOutcome};

use crate::{ID, OTHER_ID, cells, failure, line, read, write};

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
        let digests: Vec<_> =
            runs.digests().iter().map(|column| (column.name(), column.cell(0), column.cell(1))).collect();
        let expected = [("first", 1.0), ("last", 4.0), ("rate", 2.0), ("rows", 3.0)];
        let expected = expected.map(|(name, value)| (format!("step.norm.{name}"), Cell::Missing, Cell::Number(value)));
        assert_eq!(digests, expected.each_ref().map(|(name, missing, value)| (&**name, *missing, *value)));
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

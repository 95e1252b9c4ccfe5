//! Choosing runs, progress and cancelling.

use std::ops::ControlFlow;

use tempfile::tempdir;
use tracing_failure::Store;
use tracing_failure_corpus::{Corpus, CorpusError, ReadOptions};

use crate::{ID, failure, line, read_with, write};

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
    for end in [0, 1, 3_000_000] {
        let mut last = None;
        let result = Corpus::read(&[dir.path().to_owned()], &ReadOptions::default(), &mut |progress| {
            assert!(progress.done <= progress.total && last.is_none_or(|last| last < end), "no call after the end");
            last = Some(progress.done);
            if progress.done < end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert!(matches!(result, Err(CorpusError::Cancelled)) && last.is_some_and(|last| last >= end));
    }
}

#[test]
fn progress_ends_at_the_total() {
    let dir = tempdir().unwrap();
    write(dir.path(), "logs/computations_20251227_s1_0000.jsonl", line(r#""mu":1"#, "ok", "").repeat(20_000));
    Store::open(dir.path().join("failures")).unwrap().write(&failure(ID, "flow")).unwrap();
    let mut reports = Vec::new();
    let keep = &mut |progress: tracing_failure_corpus::ReadProgress| {
        reports.push(progress);
        ControlFlow::Continue(())
    };
    Corpus::read(&[dir.path().to_owned()], &ReadOptions::default(), keep).unwrap();
    assert!(reports.len() > 4 && reports.is_sorted_by_key(|progress| progress.done));
    assert!(reports.last().is_some_and(|progress| progress.done == progress.total));
}

//! The files and directories of a corpus.

use std::path::{Path, PathBuf};

use tempfile::tempdir;
use tracing_failure::Store;
use tracing_failure_corpus::{Cell, CorpusError};

use crate::{ID, cells, corpus_of, failure, line, read, write};

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
    // Other sessions with the same runs are no copies.
    write(dir.path(), "hosts/n05/io/logs/computations_20251227_n05_0000.jsonl", lines("n01").replace("n01", "n05"));
    write(dir.path(), "hosts/n05/io/logs/computations_20251227_n06_0000.jsonl", lines("n01"));
    // A copy, a copy of a file that was still being written, and a directory that links to its parent.
    write(dir.path(), "hosts/n03/io/logs/computations_20251227_n01_0000 (1).jsonl", lines("n01"));
    write(dir.path(), "hosts/n04/io/logs/computations_20251227_n02_0000.jsonl", &lines("n02")[..3001]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path(), dir.path().join("hosts/loop")).unwrap();
    for dirs in [vec![dir.path().to_owned()], vec![dir.path().join("hosts/n01"), dir.path().to_owned()]] {
        let dirs: Vec<&Path> = dirs.iter().map(PathBuf::as_path).collect();
        let corpus = read(&dirs).unwrap();
        let runs = corpus.table("flow").unwrap();
        assert_eq!((runs.len(), runs.failed_count(), corpus.skipped().copies()), (201, 1, 3));
        assert_eq!(runs.sessions().len(), 4, "n01, n02, n05 and that of the record");
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
fn errors_name_the_path() {
    let dir = tempdir().unwrap();
    let text = write(dir.path(), "notes.txt", "");
    assert!(matches!(read(&[&text]), Err(CorpusError::Foreign(path)) if path == text));
    let missing = dir.path().join("missing");
    let error = read(&[&missing]).unwrap_err();
    assert!(error.to_string().contains(&missing.display().to_string()), "{error}");
    let below_a_file = text.join("io");
    let error = read(&[&below_a_file]).unwrap_err();
    assert!(matches!(&error, CorpusError::Unreadable { path, .. } if *path == below_a_file), "{error:?}");
}

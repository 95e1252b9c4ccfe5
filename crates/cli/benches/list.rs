//! The run time of the command for a large directory, compared with `cat` of the same files, as a Markdown table.
//! `benches/run command` writes it into the book. `cargo bench -p tracing-failure-cli -- 10000` measures 10,000 records
//! instead of 100,000. The records are temporary files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RECORDS: usize = 100_000;
const ROUNDS: usize = 5;

fn main() {
    let records = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(RECORDS);
    let dir = tempfile::tempdir().unwrap();
    let bytes = fill(dir.path(), records);
    println!("| {records} records, {} MB | ms | ratio to cat |\n| --- | ---: | ---: |", bytes >> 20);
    let commands: [(&str, &[&str]); 6] = [
        ("list", &["list"]),
        ("list --limit 0", &["list", "--limit", "0"]),
        ("groups", &["groups"]),
        ("refs", &["refs"]),
        ("list --where …", &["list", "--where", ".parameters.rtol < 1e-3"]),
        ("list --jsonl", &["list", "--jsonl"]),
    ];
    let mut times = vec![Vec::new(); commands.len() + 1];
    for _ in 0..ROUNDS {
        times[0].push(time(&mut cat(dir.path())));
        for (times, (_, words)) in times[1..].iter_mut().zip(&commands) {
            times.push(time(failures(dir.path()).args(*words)));
        }
    }
    let floor = median(&mut times[0]);
    println!("| cat | {} | 1 |", floor.as_millis());
    for (times, (name, _)) in times[1..].iter_mut().zip(&commands) {
        let time = median(times);
        println!("| failures {name} | {} | {:.2} |", time.as_millis(), time.as_secs_f64() / floor.as_secs_f64());
    }
}

/// Writes copies of the test records, each with its own id, and returns their size.
fn fill(dir: &Path, records: usize) -> usize {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/io/failures")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts: Vec<String> = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut bytes = 0;
    for (number, text) in (0..records).zip(texts.iter().cycle()) {
        let id = uuid::Uuid::now_v7();
        let (minute, second, milli) = (number / 60_000 % 60, number / 1000 % 60, number % 1000);
        let name = format!("general_20261125T20{minute:02}{second:02}.{milli:03}Z_{id}.json");
        fs::write(dir.join(name), text).unwrap();
        bytes += text.len();
    }
    bytes
}

fn cat(dir: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "find . -name '*.json' -print0 | xargs -0 cat"]).current_dir(dir);
    command
}

fn failures(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_failures"));
    command.arg("--dir").arg(dir);
    command
}

fn time(command: &mut Command) -> Duration {
    let started = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
    started.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

//! Bad input and broken surroundings: a clear record or a clear message, and nothing lost.
#![cfg(unix)]

mod support;

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use support::{in_child, in_child_with};
use tracing::{debug, error, info, info_span};
use tracing_failure::{Failure, StructuredLogger, Value, builder, init};
use tracing_subscriber::prelude::*;

fn computation(name: &str) -> tracing::span::EnteredSpan {
    info_span!("span", computation = name, theoretical_ref = "§1").entered()
}

struct Panics;

impl fmt::Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no picture of me")
    }
}

struct Logs;

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error!(inside = ?Logs, "logged while formatting");
        let span = info_span!("opened while formatting", value = ?Panics);
        span.in_scope(|| f.write_str("Logs"))
    }
}

struct Endless;

impl fmt::Debug for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            let _ = f.write_str("again and again, ");
        }
    }
}

#[test]
fn a_misbehaving_debug_loses_only_its_value() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = info_span!(
            "solve", computation = "solve", theoretical_ref = "§1", before = 1, panics = ?Panics, logs = ?Logs,
            endless = ?Endless, after = 2
        );
        span.record("after", 3);
        span.in_scope(|| {
            error!(panics = ?Panics, logs = ?Logs, residual = 0.5, "failed");
            info!("the span still works");
        });
    });
    let run = run.ok();
    let failure = run.failure();
    let parameters = &failure.parameters;
    assert_eq!(parameters.get("before"), Some(&Value::Int(1)));
    assert_eq!(parameters.get("after"), Some(&Value::Int(3)));
    assert_eq!(parameters.get("panics"), Some(&"[its Debug panicked: no picture of me]".into()));
    assert_eq!(parameters.get("logs"), Some(&"Logs".into()));
    assert_eq!(parameters.get("endless"), Some(&"[its Debug panicked: endless Debug output]".into()));
    assert_eq!(failure.context.event.get("residual"), Some(&Value::Float(0.5)));
    assert!(!run.stderr.contains("panicked at"), "{}", run.stderr);
    assert_eq!(run.log().iter().filter(|line| line["message"] == "the span still works").count(), 1);
}

#[test]
fn numbers_of_every_type_are_recorded_exactly() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = info_span!(
            "span",
            computation = "numbers",
            theoretical_ref = "§1",
            nan = f64::NAN,
            inf = f64::INFINITY,
            minus_inf = f64::NEG_INFINITY,
            minus_zero = -0.0,
            subnormal = 5e-324,
            single = 0.1f32,
            big = i128::MIN,
            huge = u128::MAX,
            most = u64::MAX,
            least = i64::MIN,
            bytes = &[0u8, 127, 255][..],
            yes = true,
        )
        .entered();
        error!("failed");
    });
    insta::assert_snapshot!(run.ok().failure().parameters, @r#"{"nan":"NaN","inf":"Infinity","minus_inf":"-Infinity","minus_zero":-0.0,"subnormal":5e-324,"single":0.10000000149011612,"big":"-170141183460469231731687303715884105728","huge":"340282366920938463463374607431768211455","most":18446744073709551615,"least":-9223372036854775808,"bytes":[0,127,255],"yes":true}"#);
}

#[test]
fn large_values_are_summarised() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let million: Vec<f64> = (0..1_000_000).map(|i| f64::from(i) * 0.5).collect();
        let text = "x".repeat(10 << 20);
        let _span =
            info_span!("span", computation = "large", theoretical_ref = "§1", million = ?million, text).entered();
        error!(million = ?million, "{text}");
    });
    let run = run.ok();
    let failure = run.failure();
    for map in [&failure.parameters, &failure.context.event] {
        let summary = map.get("million").unwrap();
        assert_eq!(summary.get("length"), Some(&Value::Int(1_000_000)));
        assert_eq!(summary.get("max"), Some(&Value::Float(499_999.5)));
    }
    assert!(failure.parameters.get("text").unwrap().as_str().unwrap().contains("[10469376 bytes left out]"));
    assert!(failure.error_message.contains("bytes left out"));
    for path in support::json_files(&run.dir().join("failures")) {
        assert!(path.metadata().unwrap().len() < 200_000);
    }
}

#[derive(Debug)]
struct Link(usize);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {}", self.0)
    }
}

impl std::error::Error for Link {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        static CHAIN: std::sync::LazyLock<Vec<Link>> = std::sync::LazyLock::new(|| (0..10_000).map(Link).collect());
        CHAIN.get(self.0 + 1).map(|next| next as _)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("round and round")]
struct Cycle;

impl Cycle {
    const ONE: &'static dyn std::error::Error = &OuroborosError;
}

#[derive(Debug)]
struct OuroborosError;

impl fmt::Display for OuroborosError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its own cause")
    }
}

impl std::error::Error for OuroborosError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(Cycle::ONE)
    }
}

#[test]
fn endless_source_chains_are_truncated() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("chains");
        error!(error = &Link(0) as &(dyn std::error::Error + 'static));
        error!(error = &OuroborosError as &(dyn std::error::Error + 'static));
    });
    let failures = run.ok().failures();
    assert_eq!(failures[0].context.errors.len(), 32);
    assert!(failures[0].context.errors_cut && failures[1].context.errors_cut);
    assert!(failures[1].context.errors.len() < 4, "{:?}", failures[1].context.errors);
}

#[test]
fn no_name_of_a_computation_leads_out_of_the_directory() {
    let names = ["../../etc/passwd", "/etc/passwd", "..", "a\0b\nc\u{1b}[31m", "\u{202e}gnp.exe", &"ü".repeat(4096)];
    let run = in_child(|dir| {
        let logger = StructuredLogger::new(dir.join("failures")).unwrap();
        for name in names.iter().chain(&["", " "]) {
            let path = logger.log_failure(name, &Link(9_999), &(), "§1").unwrap();
            assert_eq!(path.parent().unwrap(), dir.join("failures"));
            assert!(path.file_name().unwrap().len() < 120);
        }
        let _guard = init(dir).unwrap();
        let _span = computation("");
        error!("an empty name names nothing");
    });
    let run = run.ok();
    let written: Vec<String> = run.failures().into_iter().map(|failure| failure.computation).collect();
    assert_eq!(written.len(), 8);
    assert_eq!(written[..5], names[..5]);
    assert!(written[5].starts_with("üü") && written[5].len() < 1200, "a long name is shortened: {}", written[5].len());
    assert_eq!(std::fs::read_dir(run.dir()).unwrap().count(), 2, "failures and logs only");
}

/// What a store that cannot be written leaves on stderr.
fn diverted(stderr: &str) -> Vec<Failure> {
    stderr.lines().filter(|line| line.starts_with('{')).map(|line| Failure::from_json(line).unwrap()).collect()
}

#[test]
fn control_characters_of_a_failure_are_escaped() {
    const EVIL: &str = "\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\u{e0041}\r";
    let run = in_child(|dir| {
        let guard = builder(dir).log_filter("off").init().unwrap();
        let fail = |computation: &str| {
            let error = std::io::Error::other(format!("no convergence{EVIL}"));
            guard.logger().log_failure(&format!("{computation}{EVIL}"), &error, &(), EVIL)
        };
        fail("announced").unwrap();
        std::fs::remove_dir_all(dir.join("failures")).unwrap();
        std::fs::write(dir.join("failures"), "a file").unwrap();
        fail("diverted").unwrap_err();
    });
    let run = run.ok();
    let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{e0041}');
    assert!(!run.stderr.contains(bad), "{:?}", run.stderr);
    assert!(run.stderr.contains("announced [2J 31m\\u{202e} \\u{e0041}  failed: no convergence"), "{}", run.stderr);
    let failures = diverted(&run.stderr);
    assert_eq!(failures[0].error_message, format!("no convergence{EVIL}"));
}

#[test]
fn a_directory_that_becomes_a_file_diverts_records_to_stderr() {
    let run = in_child(|dir| {
        static CALLED: AtomicU32 = AtomicU32::new(0);
        let guard = builder(dir)
            .on_lost(|failure, error| {
                CALLED.fetch_add(1, Ordering::Relaxed);
                error!(computation = "callback", theoretical_ref = "§0", "logs");
                panic!("{}: {error}", failure.computation);
            })
            .init()
            .unwrap();
        std::fs::remove_dir_all(dir.join("failures")).unwrap();
        std::fs::write(dir.join("failures"), "in the way").unwrap();
        let _span = computation("diverted");
        error!(n = 7, "failed");
        error!(n = 8, "failed");
        let unwound = std::panic::catch_unwind(|| panic!("with a callback that panics, too"));
        assert!(unwound.is_err());
        assert_eq!(CALLED.load(Ordering::Relaxed), 3);
        assert_eq!((guard.stats().recorded, guard.stats().diverted, guard.stats().lost), (0, 3, 0));
    });
    let run = run.ok();
    let failures = diverted(&run.stderr);
    assert_eq!(failures.len(), 3, "{}", run.stderr);
    assert_eq!(failures[1].context.event.get("n"), Some(&Value::Int(8)));
    assert!(run.stderr.contains("tracing-failure: cannot"), "{}", run.stderr);
    assert!(run.stderr.contains("/failures"), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(run.dir().join("failures")).unwrap(), "in the way");
}

#[test]
fn a_directory_that_is_deleted_is_made_again() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("deleted");
        error!("before");
        info!("a line before");
        std::fs::remove_dir_all(dir).unwrap();
        error!("after");
        info!("a line after");
    });
    let run = run.ok();
    assert_eq!(run.failure().error_message, "after");
    assert!(run.log().iter().any(|line| line["message"] == "a line after"));
}

/// Root may write everywhere: the child gives that up.
fn without_override(command: &mut Command) {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if is_root {
        wrap(command, "exec setpriv --bounding-set=-dac_override,-dac_read_search \"$0\" \"$@\"");
    }
}

/// Runs the command through a shell.
fn wrap(command: &mut Command, script: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    *command = shell;
}

#[test]
fn a_read_only_directory_diverts_records_to_stderr() {
    let run = in_child_with(without_override, |dir| {
        let guard = init(dir).unwrap();
        let failures = dir.join("failures");
        std::fs::set_permissions(&failures, std::fs::Permissions::from_mode(0o555)).unwrap();
        let _span = computation("read_only");
        error!("failed");
        assert_eq!((guard.stats().recorded, guard.stats().diverted), (0, 1));
        std::fs::set_permissions(&failures, std::fs::Permissions::from_mode(0o755)).unwrap();
        error!("failed again");
        assert_eq!(guard.stats().recorded, 1);
    });
    let run = run.ok();
    assert_eq!(diverted(&run.stderr)[0].error_message, "failed");
    assert_eq!(run.failure().error_message, "failed again");
}

#[test]
fn a_full_disk_leaves_no_part_of_a_record() {
    // No file may grow beyond a kilobyte: every write fails half way, as on a full disk.
    let limit = |command: &mut Command| wrap(command, "trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\"");
    let run = in_child_with(limit, |dir| {
        let guard = init(dir).unwrap();
        let _span = computation("full");
        for n in 0..3 {
            error!(n, "failed");
        }
        assert_eq!((guard.stats().recorded, guard.stats().diverted), (0, 3));
        for n in 0..20_000 {
            info!(n, "a line that does not fit");
        }
        guard.flush();
        let stats = guard.stats();
        assert!(stats.log_lines_lost > 0, "{stats:?}");
    });
    let run = run.ok();
    assert_eq!(diverted(&run.stderr).len(), 3);
    let remaining: Vec<_> = std::fs::read_dir(run.dir().join("failures")).unwrap().collect();
    assert!(remaining.iter().all(|entry| entry.as_ref().unwrap().file_name() == ".latest.lock"), "{remaining:?}");
    assert_eq!(run.stderr.matches("cannot write the runtime log").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("lines of the runtime log could not be written"), "{}", run.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn an_unwritable_stderr_is_ignored() {
    let full = |command: &mut Command| wrap(command, "exec \"$0\" \"$@\" 2>/dev/full");
    let run = in_child_with(full, |dir| {
        std::panic::set_hook(Box::new(|_| ()));
        let guard = init(dir).unwrap();
        let _span = computation("silent");
        error!("failed");
        let _ = std::panic::catch_unwind(|| panic!("silently"));
        std::fs::remove_dir_all(dir.join("failures")).unwrap();
        std::fs::write(dir.join("failures"), "").unwrap();
        error!("nowhere to go");
        assert_eq!((guard.stats().recorded, guard.stats().diverted, guard.stats().lost), (2, 0, 1));
    });
    assert!(run.status.success(), "{}", run.stdout);
}

#[test]
fn events_from_the_end_of_a_thread_are_recorded() {
    /// A span that is recorded to while the thread ends; to open one then is more than the registry can do.
    struct Last(std::cell::OnceCell<tracing::Span>);
    impl Drop for Last {
        fn drop(&mut self) {
            let span = self.0.get().unwrap();
            span.record("n", 2);
            debug!(parent: span, step = 1, "a number");
            info!(parent: span, "a word");
            error!(parent: span, "from a destructor");
        }
    }
    thread_local!(static LAST: Last = const { Last(std::cell::OnceCell::new()) });
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        std::thread::spawn(|| {
            // Our own per-thread state is made later than this, and so goes earlier.
            LAST.with(|_| ());
            let span = info_span!("last", computation = "thread_end", theoretical_ref = "§1", n = 1);
            LAST.with(|last| last.0.set(span).unwrap());
        })
        .join()
        .unwrap();
    });
    assert_eq!(run.ok().failure().parameters.to_string(), r#"{"n":2}"#);
}

#[test]
fn a_scoped_subscriber_on_one_thread_and_a_global_one_on_the_others() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let scoped_dir = dir.join("scoped");
        let scoped = tracing_failure::FailureLayer::new(&scoped_dir).unwrap();
        let _scope = tracing::subscriber::set_default(tracing_subscriber::registry().with(scoped));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _span = info_span!("span", computation = "global", theoretical_ref = "§1", n = 1).entered();
                error!("failed");
            });
        });
        let _span = info_span!("span", computation = "scoped", theoretical_ref = "§1", n = 2).entered();
        error!("failed");
    });
    let run = run.ok();
    let failure = run.failure();
    assert_eq!((failure.computation.as_str(), failure.parameters.get("n")), ("global", Some(&Value::Int(1))));
    let scoped = support::failures(&run.dir().join("scoped"));
    assert_eq!((scoped.len(), scoped[0].parameters.get("n")), (1, Some(&Value::Int(2))));
}

#[test]
fn a_forked_child_records_and_logs_for_itself() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let _span = computation("forked");
        info!("before the fork");
        let step = |step: u32| debug!(step, "step");
        step(1);
        match fork::fork().unwrap() {
            fork::Fork::Child => {
                info!("in the child");
                step(2);
                error!("the child failed");
                guard.flush();
                std::process::exit(0);
            }
            fork::Fork::Parent(pid) => {
                let status = fork::waitpid(pid).unwrap();
                assert_eq!(status, 0);
                step(3);
                error!("the parent failed");
                info!("in the parent");
            }
        }
    });
    let run = run.ok();
    let failures = run.failures();
    let messages: Vec<&str> = failures.iter().map(|failure| failure.error_message.as_str()).collect();
    assert_eq!(messages, ["the child failed", "the parent failed"]);
    let steps = |failure: &Failure| failure.context.trail[0].columns.to_string();
    assert_eq!([steps(&failures[0]), steps(&failures[1])], [r#"{"step":[1,2]}"#, r#"{"step":[1,3]}"#]);
    for message in ["before the fork", "in the child", "in the parent", "the child failed", "the parent failed"] {
        assert_eq!(run.log().iter().filter(|line| line["message"] == message).count(), 1, "{message}");
    }
}

#[test]
fn a_second_recorder_is_refused_with_an_error() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let again = init(dir).unwrap_err();
        assert_eq!(again.to_string(), "this process already has a global tracing subscriber");
        computation("still").in_scope(|| error!("works"));
    });
    assert_eq!(run.ok().failure().error_message, "works");
}

#[test]
fn other_layers_in_the_stack_receive_everything() {
    let run = in_child(|dir| {
        let (failures, _guard) = builder(dir).layer().unwrap();
        let file = std::fs::File::create(dir.join("fmt.log")).unwrap();
        let fmt = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(file);
        let subscriber =
            tracing_subscriber::registry().with(failures).with(fmt).with(tracing_error::ErrorLayer::default());
        tracing::subscriber::set_global_default(subscriber).unwrap();
        let span = info_span!("solve", computation = "stack", theoretical_ref = "§1", rtol = 1e-6);
        span.in_scope(|| error!(residual = 0.5, "failed"));
        tracing::trace!("for the other layer");
    });
    let run = run.ok();
    assert_eq!(run.failure().parameters.to_string(), r#"{"rtol":1e-6}"#);
    let fmt = std::fs::read_to_string(run.dir().join("fmt.log")).unwrap();
    assert!(fmt.contains("failed") && fmt.contains("for the other layer"), "{fmt}");
}

#[test]
fn secrets_are_not_written() {
    let run = in_child(|dir| {
        let _guard = builder(dir).redact("patient").context("db_password", "hunter2").init().unwrap();
        #[derive(Debug)]
        #[allow(dead_code)]
        struct Server {
            url: &'static str,
            api_key: &'static str,
        }
        let server = Server { url: "u", api_key: "hunter2" };
        let _span = info_span!(
            "span",
            computation = "secret",
            theoretical_ref = "§1",
            ?server,
            access_token = "hunter2",
            patient = "hunter2",
            tokens_per_sec = 5
        )
        .entered();
        error!(password = "hunter2", pin_secret = 31_337_313_373_i64, "failed");
    });
    let run = run.ok();
    assert_eq!(run.failure().parameters.get("tokens_per_sec"), Some(&Value::Int(5)));
    assert_eq!(run.failure().parameters.get("server").unwrap().get("url"), Some(&"u".into()));
    for file in walk(run.dir()) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("31337313373"), "{}: {text}", file.display());
    }
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_process_that_aborts_on_a_panic_leaves_its_record() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("aborts");
        error!("failed before");
        std::process::abort();
    });
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(run.status.signal(), Some(6));
    assert_eq!(run.failure().error_message, "failed before");
}

//! What a program prints at a terminal.
#![cfg(target_os = "linux")]

use std::process::Command;

use color_eyre::eyre::eyre;
use tracing_failure::Sweep;

use super::support::{Run, in_child_with};
use super::wrap;

/// A program that prints a report at a terminal, with this as `NO_COLOR`.
fn report_at_a_terminal(no_color: Option<&str>) -> Run {
    let at_a_terminal = |command: &mut Command| {
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        command.envs(no_color.map(|value| ("NO_COLOR", value)));
        wrap(command, r#"exec script -qec "$0 $*" /dev/null"#);
    };
    in_child_with(at_a_terminal, |dir| {
        let _guard = tracing_failure::init(dir).unwrap();
        eprintln!("{:?}", eyre!("no convergence"));
    })
}

fn is_coloured(run: &Run) -> bool {
    assert!(run.stdout.contains("no convergence"), "{}", run.stdout);
    run.stdout.contains("\u{1b}[")
}

#[test]
fn a_report_has_colours() {
    assert!(is_coloured(&report_at_a_terminal(None)));
}

#[test]
fn an_empty_no_color_counts_as_unset() {
    assert!(is_coloured(&report_at_a_terminal(Some(""))));
}

#[test]
fn no_color_turns_colours_off() {
    assert!(!is_coloured(&report_at_a_terminal(Some("1"))));
}

/// A sweep at a terminal. Its second run fails after the line with the progress has appeared, and its third run panics.
fn sweep_at_a_terminal(progress: bool) -> Run {
    let at_a_terminal = |command: &mut Command| wrap(command, r#"exec script -qec "$0 $*" /dev/null"#);
    in_child_with(at_a_terminal, |dir| {
        let _guard = tracing_failure::init(dir).unwrap();
        let sweep = Sweep::over(0..3).threads(1).progress(progress).computation("observable_mass", "§2.3");
        let runs = sweep.run(|&run| {
            std::thread::sleep(std::time::Duration::from_secs(1));
            match run {
                0 => Ok(()),
                1 => Err(std::io::Error::other("no convergence")),
                _ => panic!("no such run"),
            }
        });
        assert_eq!(runs.failure_count(), 2);
    })
}

#[test]
fn a_sweep_shows_its_progress_in_one_line() {
    let run = sweep_at_a_terminal(true).ok();
    // A terminal shows the text after the last carriage return of a line, over the text before it.
    let lines: Vec<&str> = run.stdout.lines().map(|line| line.trim_end_matches('\r')).collect();
    let shown: Vec<&str> = lines.iter().filter_map(|line| line.rsplit('\r').next()).collect();
    let is_status = |line: &&str| line.contains("/3 runs, ") && line.contains(" left");
    assert!(lines.iter().any(is_status), "{lines:?}");
    assert!(shown.contains(&"observable_mass failed: no convergence"), "{shown:?}");
    let of_sweep: Vec<_> = shown.iter().filter(|line| line.contains("/3 runs")).collect();
    assert_eq!(of_sweep.len(), 1, "{shown:?}");
    assert!(of_sweep[0].starts_with("sweep: 3/3 runs, 2 failed, "), "{shown:?}");
}

#[test]
fn a_sweep_shows_no_progress_without_a_terminal_or_if_it_is_off() {
    assert!(!sweep_at_a_terminal(false).ok().stdout.contains("/3 runs"));
    let run = in_child_with(
        |_| (),
        |_| {
            let runs = Sweep::over(0..2).threads(1).run(|_| {
                std::thread::sleep(std::time::Duration::from_millis(400));
                Ok::<_, ()>(())
            });
            assert_eq!(runs.len(), 2);
        },
    );
    assert!(!run.ok().stderr.contains("/2 runs"));
}

//! What a program prints at a terminal.
#![cfg(target_os = "linux")]

use std::process::Command;

use color_eyre::eyre::eyre;

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

//! What the operating system does to a program: forks, closed or slow descriptors, odd files and clocks, little memory.
#![cfg(unix)]

mod clocks;
mod descriptors;
mod files;
mod forks;
mod memory;
mod names;
mod order;
mod preload;
#[path = "../support/mod.rs"]
mod support;
mod terminals;

use std::process::Command;

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

/// A span that is a computation.
fn computation(name: &str) -> tracing::span::EnteredSpan {
    tracing::info_span!("span", computation = name, theoretical_ref = "§1").entered()
}

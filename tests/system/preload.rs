//! System calls that behave as on another system: a library in C that comes before the real one.

use std::path::PathBuf;
use std::process::Command;

/// Compiles the source and makes the child load it. Rust links with `cc`, so that it is there.
pub(crate) fn preload(command: &mut Command, source: &str) {
    let dir: PathBuf =
        command.get_envs().find(|(name, _)| *name == "TRACING_FAILURE_TEST_DIR").unwrap().1.unwrap().into();
    let (file, library) = (dir.join("preload.c"), dir.join("preload.so"));
    std::fs::write(&file, source).unwrap();
    let compiler = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &file]).status().unwrap();
    assert!(compiler.success());
    command.env("LD_PRELOAD", library);
}

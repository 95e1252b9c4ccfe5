//! The compile errors of the attribute `computation`: their text, and the tokens at which they point.
//!
//! The errors in `attribute` are those of the macro. The errors in `compiler` have the words of the compiler, so they
//! are compared with one version of it. `TRYBUILD=overwrite` accepts new text; compare it with the errors of functions
//! without the attribute.

use std::process::Command;

/// The version of the compiler whose words the files in `compiler` contain.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn errors_point_at_the_token_and_say_what_to_write() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("attribute_errors/attribute/*.rs");
    if has_known_compiler() {
        tests.compile_fail("attribute_errors/compiler/*.rs");
    } else {
        println!("the errors of the compiler are not compared: their files are those of {COMPILER}*");
    }
}

fn has_known_compiler() -> bool {
    let output = Command::new("rustc").arg("--version").output().expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).starts_with(COMPILER)
}

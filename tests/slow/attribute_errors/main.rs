//! The compile errors of the attribute `computation`: their text, and the tokens at which they point. The errors in
//! `bodies.rs`, `borrows.rs` and `results.rs` have the words of the compiler; after an update of the compiler, compare
//! them with those of functions without the attribute. `TRYBUILD=overwrite` accepts the new text.

#[test]
fn errors_point_at_the_token_and_say_what_to_write() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("attribute_errors/cases/*.rs");
}

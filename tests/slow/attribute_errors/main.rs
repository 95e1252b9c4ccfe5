//! The compile errors of the attribute `computation`: their text, and the tokens at which they point.

#[test]
fn errors_point_at_the_token_and_say_what_to_write() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("attribute_errors/*.rs.fail");
}

//! Breaking the protocol does not compile.

#[test]
fn the_protocol_cannot_be_bypassed() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

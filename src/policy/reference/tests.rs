use super::*;
use crate::policy::parse_policy;

#[test]
fn the_page_in_docs_is_this_one() {
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policy.md"));
    assert!(page == reference(), "make it anew: cargo run -- policy reference > docs/policy.md");
}

#[test]
fn its_examples_are_good() {
    for example in EXAMPLES {
        parse_policy("trilock.yml", example).unwrap();
    }
}

#[test]
fn its_tables_have_five_columns() {
    for line in reference().lines().filter(|line| line.starts_with('|')) {
        assert_eq!(line.matches('|').count(), 6, "{line}");
    }
}

use super::*;

#[test]
fn the_page_in_docs_is_this_one() {
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md"));
    assert!(page == commands_page(), "make it anew: cargo run -- policy commands > docs/commands.md");
}

#[test]
fn each_command_has_a_row_of_three_columns() {
    let page = commands_page();
    for spec in commands() {
        let row = page.lines().find(|line| line.starts_with(&format!("| `/{}", spec.name))).unwrap();
        assert_eq!(row.matches('|').count(), 4, "{row}");
    }
}

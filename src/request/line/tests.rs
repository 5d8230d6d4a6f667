use proptest::prelude::*;

use super::*;
use crate::request::{Command, parse_comment};

#[test]
fn values_are_quoted_only_where_they_must_be() {
    for (value, expected) in [
        ("v1.4", "/build a k=v1.4"),
        ("a,b=c", "/build a k=a,b=c"),
        ("two words", "/build a k=\"two words\""),
        ("", "/build a k="),
        ("it's", "/build a k=it's"),
        ("'q'", "/build a k=\"'q'\""),
        ("say \"hi\" \\", "/build a k=\"say \\\"hi\\\" \\\\\""),
        ("two\nlines", "/build a k=\"two lines\""),
    ] {
        assert_eq!(build_line(Some("a"), [("k", value)]), expected);
    }
}

proptest! {
    /// What a corrected line says is what its reader gets by copying it.
    #[test]
    fn a_built_line_reads_back(
        kind in proptest::option::of("[a-z][a-z0-9_-]{0,8}"),
        inputs in proptest::collection::btree_map("[a-z_]{1,8}", "[^\\p{Cc}<`>&]{0,20}", 0..4),
    ) {
        let line = build_line(kind.as_deref(), inputs.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let commands = parse_comment(&line);
        prop_assert_eq!(commands.len(), 1);
        let inputs = inputs.into_iter().collect();
        prop_assert_eq!(commands[0].parsed.clone(), Ok(Command::Build { build_type: kind, inputs, dry_run: false }));
    }
}

#[test]
fn a_line_of_answers_withholds_private_ones() {
    let shown = |name: &str, value: &str, private| Shown {
        name: name.to_owned(),
        label: "x".to_owned(),
        value: value.to_owned(),
        private,
    };
    let shown = [shown("tag", "v 1", false), shown("mail", "", true)];
    assert_eq!(line_of("desktop", &shown), "/build desktop tag=\"v 1\" mail=…");
}

use super::*;

#[test]
fn a_heading_loses_its_marks_only() {
    for (line, expected) in [("### C#", "C#"), ("### Tag ###\n", "Tag"), ("###", ""), ("### a b", "a b")] {
        assert_eq!(heading_text(line), expected);
    }
}

#[test]
fn boxes_are_all_of_a_text_or_none() {
    assert_eq!(boxes("- [x] a\n\n- [ ] b\n- [X]  c "), Some(vec![(true, "a"), (false, "b"), (true, "c")]));
    for text in ["", "text", "- [x] a\ntext", "- [link](x)", "- [y] a", "* [x] a"] {
        assert_eq!(boxes(text), None, "{text}");
    }
}

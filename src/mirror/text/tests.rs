use proptest::prelude::*;

use super::*;
use crate::mirror::hostile::{self, Seen};

#[test]
fn markup_mentions_references_and_addresses_are_only_text() {
    let cases = [
        ("@mona", "@&#8203;mona"),
        ("a@b.example", "a@&#8203;b.example"),
        ("#41", "\\#&#8203;41"),
        ("GH-41", "GH-&#8203;41"),
        ("ghsa-jfh8", "ghsa-&#8203;jfh8"),
        ("https://x.example", "https:&#8203;//x.example"),
        ("www.x.example", "www&#8203;.x.example"),
        ("1a2b3c4d", "1a2b3c&#8203;4d"),
        ("<b>|</b>", "\\<b\\>&#124;\\</b\\>"),
        ("app-windows 1.4", "app-windows 1.4"),
        ("two\r\nlines", "two  lines"),
        ("a\u{202e}b\u{200b}c\u{0}", "abc"),
    ];
    for (given, shown) in cases {
        assert_eq!(escape(given), shown);
    }
}

#[test]
fn code_has_a_fence_that_its_text_does_not_close() {
    let cases = [
        ("v1.4", "`v1.4`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("", "(empty)"),
        ("\n", "(empty)"),
        ("a|b", "`a|b`"),
        ("````````", "\\`\\`\\`\\`\\`\\`\\`\\`"),
    ];
    for (given, shown) in cases {
        assert_eq!(code(given), shown);
    }
    assert_eq!(code_cell("a|b"), "`a\\|b`");
    assert_eq!(code_cell("a\\|b"), "a\\\\&#124;b");
}

#[test]
fn what_is_long_is_shortened_but_never_a_line_to_copy() {
    let long = "x".repeat(201);
    assert_eq!(code(&long), format!("`{}…`", "x".repeat(199)));
    assert_eq!(escape(&long), format!("{}…", "x".repeat(199)));
    assert_eq!(line_to_copy(&long), Some(format!("`{long}`")));
    assert_eq!(line_to_copy(&"x".repeat(8_001)), None);
}

#[test]
fn backticks_in_a_sentence_enclose_code() {
    assert_eq!(prose("did you mean `/help`? @mona"), "did you mean `/help`? @&#8203;mona");
    assert_eq!(prose("one ` alone"), "one \\` alone");
    assert_eq!(prose_cell("does not match `^(a|b)$`"), "does not match `^(a\\|b)$`");
}

#[test]
fn a_link_goes_to_the_web_only_and_cannot_be_left() {
    assert_eq!(link("run", "https://x.example/a?b=1&c=2"), "[run](https://x.example/a?b=1&amp;c=2)");
    assert_eq!(link("run", "https://x.example/) @mona"), "[run](https://x.example/%29%20@mona)");
    assert_eq!(link("run", "javascript:alert(1)"), "run");
}

proptest! {
    #[test]
    fn whatever_is_escaped_is_read_as_it_was(text in hostile::text()) {
        let seen = Seen::of(&format!("before {} after", escape(&text)));
        seen.assert_harmless();
        let shown = format!("before {} after\n", shorten(&clean(&text)));
        prop_assert_eq!(seen.text.replace('\u{200b}', ""), shown);
    }

    #[test]
    fn whatever_is_code_stays_code(text in hostile::text()) {
        for markdown in [code(&text), code_cell(&text).replace("\\|", "|")] {
            let seen = Seen::of(&format!("a {markdown} b"));
            seen.assert_harmless();
            let shown = shorten(&clean(&text));
            let as_code = seen.code == [shown.clone()] && seen.text == "a \u{1} b\n";
            let as_text = seen.code.is_empty() && seen.text.replace('\u{200b}', "") == format!("a {shown} b\n");
            prop_assert!(as_code || as_text || shown.is_empty(), "{markdown}: {seen:?}");
        }
    }

    #[test]
    fn a_sentence_is_harmless(text in hostile::text()) {
        Seen::of(&format!("a {}", prose(&text))).assert_harmless();
    }

    #[test]
    fn a_row_keeps_its_cells(a in hostile::text(), b in hostile::text(), c in hostile::text()) {
        let row = format!("| {} | {} | {} |", escape(&a), code_cell(&b), prose_cell(&c));
        let seen = Seen::of(&format!("| a | b | c |\n|---|---|---|\n{row}\n| 1 | 2 | end |"));
        seen.assert_harmless();
        prop_assert_eq!(seen.cells, 9);
        prop_assert!(seen.text.ends_with("end\n"));
    }

    #[test]
    fn a_link_has_one_target(url in hostile::text()) {
        let seen = Seen::of(&format!("a {} b", link("run", &format!("https://x.example/{url}"))));
        prop_assert_eq!(seen.text.as_str(), "a run b\n");
        prop_assert_eq!(seen.links.len(), 1);
        prop_assert!(seen.links[0].starts_with("https://x.example/"));
    }
}

use proptest::prelude::*;

use super::*;

fn build(build_type: Option<&str>, inputs: &[(&str, &str)]) -> Command {
    let inputs = inputs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Command::Build { build_type: build_type.map(str::to_owned), inputs }
}

/// The only command of a comment.
fn one(text: &str) -> Result<Command, CommandError> {
    let mut commands = parse_comment(text);
    assert_eq!(commands.len(), 1, "{text}");
    commands.remove(0).parsed
}

#[test]
fn commands_are_read() {
    for (text, expected) in [
        ("/build", build(None, &[])),
        ("/build desktop", build(Some("desktop"), &[])),
        ("/build tag=v1.4 channel=beta", build(None, &[("tag", "v1.4"), ("channel", "beta")])),
        ("/build desktop tag=v1.4", build(Some("desktop"), &[("tag", "v1.4")])),
        ("/build note=\"two words\" a=b", build(None, &[("note", "two words"), ("a", "b")])),
        ("/build note='two \"words\"'", build(None, &[("note", "two \"words\"")])),
        ("/build note=“two words”", build(None, &[("note", "two words")])),
        ("/build note=\"a \\\"b\\\" \\\\ \\n\"", build(None, &[("note", "a \"b\" \\ \\n")])),
        (
            "/build list=a,b,c url=https://x.y/?q=1",
            build(None, &[("list", "a,b,c"), ("url", "https://x.y/?q=1")]),
        ),
        ("/build tag= note=it's", build(None, &[("tag", ""), ("note", "it's")])),
        ("／build tag＝v1.4", build(None, &[("tag", "v1.4")])),
        ("／ｂｕｉｌｄ\u{3000}desktop\u{3000}ｔａｇ＝v1.4", build(Some("desktop"), &[("tag", "v1.4")])),
        ("/trilock build tag=v1.4", build(None, &[("tag", "v1.4")])),
        ("/trilock  cancel", Command::Cancel),
        ("/trilock", Command::Help),
        ("/cancel", Command::Cancel),
        ("  /status  ", Command::Status),
        ("/Help\r\n", Command::Help),
        ("/cancel <!-- a template's remark -->", Command::Cancel),
    ] {
        assert_eq!(one(text), Ok(expected), "{text}");
    }
}

#[test]
fn a_mistake_has_reason_place_and_the_line_to_copy() {
    let pair = "is not `key=value`; a value with blanks needs quotes: `key=\"two words\"`";
    for (text, column, found, why, corrected) in [
        ("/buid tag=v1", 1, "/buid", "is not a command; did you mean `/build`?", Some("/build tag=v1")),
        ("/cancle", 1, "/cancle", "is not a command; did you mean `/cancel`?", Some("/cancel")),
        ("/cancel。", 1, "/cancel。", "is not a command; did you mean `/cancel`?", Some("/cancel")),
        ("/trilok build", 1, "/trilok", "is not a command; did you mean `/trilock`?", Some("/trilock help")),
        ("/trilock biuld a=b", 10, "biuld", "is not a command; did you mean `build`?", Some("/build a=b")),
        (
            "/trilock deploy",
            10,
            "deploy",
            "is not a command; there are `build`, `cancel`, `status`, `help`",
            Some("/help"),
        ),
        ("/cancel it please", 9, "it please", "`/cancel` takes nothing after it", Some("/cancel")),
        ("/build desktop note=two words", 25, "words", pair, Some("/build desktop note=\"two words\"")),
        ("/build tag = v1.4", 12, "=", pair, Some("/build tag=v1.4")),
        ("/build desktop tag= v1.4", 21, "v1.4", pair, Some("/build desktop tag=v1.4")),
        ("/build desktop now tag=v1.4", 16, "now", pair, Some("/build desktop tag=v1.4")),
        ("/build a=1 b = 2", 12, "b", pair, Some("/build a=1 b=2")),
        ("/build a=\"x\"y", 13, "y", pair, Some("/build a=x")),
        ("/build tag=v1 tag=v2", 15, "tag=v2", "is given twice", Some("/build tag=v2")),
        ("/build note=\"two words", 13, "\"", "this quote has no end", Some("/build note=\"two words\"")),
        ("/build note='two words", 13, "'", "this quote has no end", None),
    ] {
        let expected = CommandError {
            column,
            found: found.to_owned(),
            why: why.to_owned(),
            corrected: corrected.map(str::to_owned),
        };
        assert_eq!(one(text), Err(expected), "{text}");
    }
}

#[test]
fn what_is_not_ours_is_left_alone() {
    for text in [
        "",
        "hello",
        "please /build",
        "- /build",
        "/assign me",
        "/approve",
        "/test all",
        "/usr/bin/build",
        "/build/output is the folder",
        "/",
        "/ build",
        "//build",
        "build",
        "**/build**",
    ] {
        assert_eq!(parse_comment(text), [], "{text}");
    }
}

#[test]
fn quotes_code_and_html_hold_no_commands() {
    for text in [
        "> /build",
        "> quoted\n/build lazily",
        "> > /build",
        "```\n/build\n```",
        "~~~sh\n/build\n~~~",
        "```\n/build",
        "    /build",
        "\t/build",
        "`\n/build\n`",
        "`/build`",
        "<!--\n/build\n-->",
        "text <!--\n/build\n--> text",
        "<!--\n\n/build",
        "<pre>\n/build\n</pre>",
        "- item\n\n      /build",
        "> [!NOTE]\n> x\n/build",
    ] {
        assert_eq!(parse_comment(text), [], "{text}");
    }
}

#[test]
fn lines_are_counted_and_several_commands_kept_in_order() {
    let text = "Hello\r\n\r\n> /cancel\r\n\r\n/build tag=v1\r\n```\r\n/status\r\n```\r\n/help";
    let found: Vec<_> = parse_comment(text).into_iter().map(|c| (c.line, c.text)).collect();
    assert_eq!(found, [(5, "/build tag=v1".to_owned()), (9, "/help".to_owned())]);
}

#[test]
fn a_command_line_can_be_stored() {
    for command in parse_comment("/build a=\"b\0\"\n/buidl") {
        let json = serde_json::to_string(&command).unwrap();
        assert!(!json.contains("\\u0000"), "{json}");
        assert_eq!(serde_json::from_str::<CommandLine>(&json).unwrap(), command);
    }
}

#[test]
fn a_long_comment_is_read_in_passing() {
    let many = "/a `b`\n".repeat(9_000);
    assert_eq!(parse_comment(&many), []);
    assert_eq!(parse_comment(&"/status\n".repeat(8_000)).len(), 8_000);
    parse_comment(&"> ".repeat(30_000));
}

/// Pieces of which Markdown's structures are made, so that they meet often.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("/build"),
        Just("/cancel"),
        Just("\n"),
        Just("\n\n"),
        Just("> "),
        Just("```"),
        Just("`"),
        Just("    "),
        Just("<!--"),
        Just("-->"),
        Just("<pre>"),
        Just("- "),
        Just("tag="),
        Just("\""),
        Just("＝"),
        Just("\r\n"),
        Just(" "),
        Just("é"),
        Just("x"),
        Just("\t"),
        Just("\\"),
        Just("/trilock "),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|(?s:.{0,100})") {
        parse_comment(&text);
    }

    #[test]
    fn no_structure_makes_it_panic_and_each_find_begins_its_line(text in markdown()) {
        let lines: Vec<_> = text.split('\n').collect();
        for command in parse_comment(&text) {
            let line = lines[command.line as usize - 1];
            prop_assert!(line.trim_start().starts_with('/'), "{line:?}");
        }
    }

    #[test]
    fn nothing_is_taken_from_a_quote(text in markdown()) {
        let quoted: String = text.split('\n').map(|line| format!("> {line}\n")).collect();
        prop_assert_eq!(parse_comment(&quoted), []);
    }

    #[test]
    fn nothing_is_taken_from_code(text in markdown()) {
        prop_assert_eq!(parse_comment(&format!("~~~\n{text}\n~~~\n")), []);
        let indented: String = text.split('\n').map(|line| format!("    {line}\n")).collect();
        prop_assert_eq!(parse_comment(&indented), []);
    }
}

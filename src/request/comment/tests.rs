use proptest::prelude::*;

use super::*;
use crate::request::long_form;

mod mistakes;

fn build(build_type: Option<&str>, inputs: &[(&str, &str)]) -> Command {
    let inputs = inputs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Command::Build { build_type: build_type.map(str::to_owned), inputs, dry_run: false }
}

fn unlock(resource: &str, reason: &str) -> Command {
    Command::Unlock { resource: resource.to_owned(), reason: reason.to_owned() }
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
        ("/approve", Command::Approve { build_type: None }),
        ("/approve desktop", Command::Approve { build_type: Some("desktop".to_owned()) }),
        (
            "／ａｐｐｒｏｖｅ\u{3000}ｄｅｓｋｔｏｐ",
            Command::Approve { build_type: Some("desktop".to_owned()) },
        ),
        ("/retry", Command::Retry { build_type: None }),
        ("/trilock retry desktop", Command::Retry { build_type: Some("desktop".to_owned()) }),
        ("/reject  not = \"now\", please ", Command::Reject { reason: "not = \"now\", please".to_owned() }),
        ("/reject 不，谢谢", Command::Reject { reason: "不，谢谢".to_owned() }),
        ("/queue", Command::Queue),
        ("/unlock gpu:0  the host is gone", unlock("gpu:0", "the host is gone")),
        ("／unlock ｇｐｕ：０ x", unlock("gpu:0", "x")),
        ("/cancel", Command::Cancel),
        ("  /status  ", Command::Status),
        ("/Help\r\n", Command::Help),
        ("/cancel <!-- a template's remark -->", Command::Cancel),
    ] {
        assert_eq!(one(text), Ok(expected), "{text}");
    }
}

#[test]
fn a_dry_run_is_asked_for_anywhere_in_the_line() {
    for text in [
        "/build --dry-run desktop tag=v1",
        "/build desktop --dry-run tag=v1",
        "/trilock build desktop tag=v1 --Dry-Run",
        "／build desktop tag=v1 －－ｄｒｙ－ｒｕｎ --dry-run",
    ] {
        let Ok(Command::Build { build_type, inputs, dry_run: true }) = one(text) else { panic!("{text}") };
        let read = Command::Build { build_type, inputs, dry_run: false };
        assert_eq!(read, build(Some("desktop"), &[("tag", "v1")]), "{text}");
    }
    assert_eq!(one("/build note=\"a --dry-run\""), Ok(build(None, &[("note", "a --dry-run")])));
    assert_eq!(one("/build note=--dry-run"), Ok(build(None, &[("note", "--dry-run")])));
}

#[test]
fn what_is_not_ours_is_left_alone() {
    for text in [
        "",
        "hello",
        "please /build",
        "- /build",
        "/assign me",
        "/lgtm",
        "/why",
        "/pause for lunch",
        "/retest",
        "/close",
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
fn it_is_known_who_wrote_the_long_form() {
    for (text, long) in
        [("/build", false), ("/biuld", false), ("/trilock", true), ("/trilok x", true), ("／trilock x", true)]
    {
        assert_eq!(parse_comment(text)[0].long, long, "{text}");
    }
    assert_eq!(long_form("/build a=b"), "/trilock build a=b");
    assert_eq!(long_form("/trilock build"), "/trilock build");
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

//! Text that tries to be a command, or more than an answer.

use proptest::prelude::*;

use super::said::{NOT_SAID, SAID};
use super::*;

const LINES: [&str; 6] = [
    "/build tag=v1",
    "/approve",
    "/trilock cancel",
    "／unlock gpu x",
    "/biuld",
    "/reject `a` > b <c> [d](e)",
];

#[test]
fn no_command_is_taken_from_quotes_code_or_html() {
    for (line, frame) in LINES.iter().flat_map(|line| NOT_SAID.map(|frame| (line, frame))) {
        for text in [frame.replace('@', line), frame.replace('@', line).replace('\n', "\r\n")] {
            assert_eq!(parse_comment(&text), [], "{text:?}");
            let issue = IssueText { title: (*line).to_owned(), body: text, labels: vec![(*line).to_owned()] };
            assert_eq!(from_body_commands(&catalogue(SEVERAL), &issue), []);
        }
    }
}

#[test]
fn around_them_commands_are_heard() {
    for (line, frame) in LINES.iter().flat_map(|line| SAID.map(|frame| (line, frame))) {
        for text in [frame.replace('@', line), frame.replace('@', line).replace('\n', "\r\n")] {
            assert_eq!(parse_comment(&text).len(), 1, "{text:?}");
        }
    }
}

#[test]
fn look_alikes_are_no_commands() {
    for text in [
        "\u{200b}/build",
        "\u{202e}/build",
        "\u{feff}/build",
        "\\/build",
        "&#47;build",
        "⁄build",
        "∕build",
        "/bu\u{200b}ild",
        "/b\u{202e}uild",
        "/вuild",
        "@trilock /build",
        "[/build](x)",
        "<b>/build</b>",
        "/build|x",
        "/build\u{0}",
        "${{ '/build' }}",
    ] {
        let commands = parse_comment(text);
        assert!(commands.iter().all(|line| line.parsed.is_err()), "{text:?}: {commands:?}");
    }
}

/// Values that mean something to Markdown, HTML, GitHub, a shell, a workflow or a database.
const VALUES: [&str; 20] = [
    "@mona @octo-org/team",
    "#41 GH-41 o/r#1",
    "<img src=x onerror=alert(1)>",
    "<!-- trilock:status -->",
    "![x](https://x.example/pixel.png)",
    "[x](javascript:alert(1))",
    "a | b |\n|---|",
    "`` ` ``` ` ``",
    "\"'“‘＂",
    "\\\" \\\\ \\n",
    "$(id) `id` ; rm -rf / & | > x",
    "${{ secrets.GITHUB_TOKEN }}",
    "'; DROP TABLE build; --",
    "../../etc/passwd",
    "\u{1f469}\u{200d}\u{1f4bb} e\u{301}\u{328}\u{300}",
    "\u{202a}",
    "\u{2066}a\u{2069}",
    "\u{feff}v1",
    "\u{0}\u{7}\u{1b}[31m",
    "=cmd|' /C calc'!A0",
];

#[test]
fn a_value_stays_a_value() {
    let catalogue = catalogue(SEVERAL);
    for value in VALUES {
        let inputs = [("tag".to_owned(), value.to_owned())];
        match from_command(&catalogue, Some("desktop"), &inputs) {
            Asked::Valid(request) => {
                assert_eq!(request.inputs["tag"], value);
                assert_eq!(request.shown[0].value, value);
            }
            Asked::Invalid(invalid) => {
                assert!(invalid.problems[0].why.starts_with("contains a c"), "{value:?}: {invalid:?}");
                let json = serde_json::to_string(&invalid).unwrap();
                assert!(
                    !json.contains(['\u{0}', '\u{202a}', '\u{2066}', '\u{feff}'])
                        && !json.contains("\\u0000")
                );
            }
        }
    }
}

/// GitHub's longest body, in the shapes that parsers like least.
#[test]
fn the_longest_bodies_are_read_in_passing() {
    const LONGEST: usize = 65_536;
    let mut catalogue = catalogue(ONE);
    let trigger = crate::policy::IssueTrigger { labels: Vec::new(), title_prefix: Some(String::new()) };
    catalogue.policy.builds.get_mut("desktop").unwrap().triggers.issue = Some(trigger);
    for piece in [
        "/build ",
        "/build\n",
        "/a `b`\n",
        "> ",
        "- ",
        "* a\n",
        "`",
        "``\n",
        "<",
        "<!--",
        "<a>",
        "<pre>\n",
        "</pre>",
        "[",
        "![",
        "](",
        "[a]: b\n",
        "### tag\n",
        "### ",
        "```\n",
        "~~~\n",
        "{",
        "{\"a\":",
        "[[",
        "\"",
        "\\",
        "\t",
        "|",
        "\n|-|\n",
        "@a ",
        "&#0;",
        "*",
        "_",
        "**a",
        "\u{0}",
        "\u{202e}",
        "é",
        "/build a=\"",
        "=",
        "a=",
        "<details>\n\n",
        "/trilock ",
        "- [x] a\n",
        "\r",
        "\r\n",
        "$",
        "~",
        "|a|\n|-|\n",
    ] {
        let body: String = piece.chars().cycle().take(LONGEST).collect();
        parse_comment(&body);
        let issue = IssueText { title: body.clone(), body, labels: Vec::new() };
        from_issue(&catalogue, &issue);
        from_body_commands(&catalogue, &issue);
    }
}

fn soup() -> impl Strategy<Value = String> {
    let pieces = NOT_SAID.into_iter().chain(SAID).map(|frame| frame.replace('@', LINES[0]));
    let pieces: Vec<String> =
        pieces.chain(VALUES.map(str::to_owned)).chain(LINES.map(str::to_owned)).collect();
    let piece = prop_oneof![
        6 => prop::sample::select(pieces),
        1 => "\\PC{0,4}|[\n \t`~<>!#|\\[\\]-]{1,3}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.join("\n"))
}

proptest! {
    /// Whatever comes first: in a fence of our own, longer than any other, nothing is a command.
    #[test]
    fn no_text_gets_out_of_a_longer_fence(text in soup()) {
        let mark = if text.contains('~') { '`' } else { '~' };
        let most = text.split(|c| c != mark).map(str::len).max().unwrap_or_default();
        let fence = String::from(mark).repeat(most.max(2) + 1);
        prop_assert_eq!(parse_comment(&format!("{fence}\n{text}\n{fence}\n")), []);
        let quoted: String = text.split(['\n', '\r']).map(|line| format!("> {line}\n")).collect();
        prop_assert_eq!(parse_comment(&quoted), []);
    }

    #[test]
    fn what_is_found_is_in_the_text_and_can_be_stored(text in soup()) {
        let lines: Vec<_> = text.replace("\r\n", "\n").replace('\0', "\u{fffd}").split(['\n', '\r']).map(str::to_owned).collect();
        for command in parse_comment(&text) {
            let line = &lines[command.line as usize - 1];
            prop_assert!(line.trim_start().starts_with(['/', '／']), "{:?}", line);
            if let Err(error) = &command.parsed {
                prop_assert!(error.column >= 1 && error.column as usize <= command.text.chars().count() + 1);
            }
            let json = serde_json::to_string(&command).unwrap();
            prop_assert_eq!(serde_json::from_str::<CommandLine>(&json).unwrap(), command);
        }
    }
}

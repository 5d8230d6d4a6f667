//! A comment, or an issue's text, to its command lines.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trilock::policy::{Catalogue, InputPolicy, parse_policy, parse_workflow};
use trilock::request::{Command, IssueText, from_body_commands, from_command, parse_comment, shown_line};

/// Put in for each `@`. Every answer of the build is private, so it must come out nowhere.
const PLANTED: &str = "planted@example.org";

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let policy = "version: 1\nbuilds: { desktop: { workflow: w.yml }, mobile: { workflow: w.yml } }";
    let mut policy = parse_policy("p", policy).expect("a policy");
    for build in policy.builds.values_mut() {
        let private = InputPolicy { private: true, required: Some(true), ..InputPolicy::default() };
        build.inputs.insert("mail".to_owned(), private);
        build.inputs.insert("token".to_owned(), InputPolicy { secret: true, ..InputPolicy::default() });
    }
    let workflow = parse_workflow("w", "on: workflow_dispatch").expect("a workflow");
    Catalogue { policy, workflows: [("w.yml".to_owned(), workflow)].into(), forms: Vec::new() }
});

fuzz_target!(|text: &str| {
    lines_are_in_the_text(text);
    nothing_is_taken_from_quotes_or_code(text);
    nothing_private_is_shown(&text.replace('@', PLANTED));
});

fn lines_are_in_the_text(text: &str) {
    let plain = text.replace("\r\n", "\n");
    let lines: Vec<&str> = plain.split(['\n', '\r']).collect();
    let mut last = 0;
    for command in parse_comment(text) {
        assert!(command.line > last, "one command for each line, in order");
        last = command.line;
        let line = lines[command.line as usize - 1];
        assert!(line.trim_start().starts_with(['/', '／']), "{line:?}");
        assert!(command.text.chars().count() <= line.chars().count());
        if let Err(error) = &command.parsed {
            let width = command.text.chars().count();
            assert!((1..=width + 1).contains(&(error.column as usize)), "{error:?}");
            assert!(!error.why.contains('\n'));
        }
        let json = serde_json::to_string(&command).expect("it can be stored");
        assert!(!json.replace("\\\\", "").contains("\\u0000"));
        assert_eq!(serde_json::from_str::<trilock::request::CommandLine>(&json).expect("and read"), command);
    }
}

fn nothing_is_taken_from_quotes_or_code(text: &str) {
    for mark in ['`', '~'] {
        let most = text.split(|c| c != mark).map(str::len).max().unwrap_or_default();
        let fence = String::from(mark).repeat(most.max(2) + 1);
        assert_eq!(parse_comment(&format!("{fence}\n{text}\n{fence}\n")), []);
        assert_eq!(parse_comment(&format!("{fence} x\n{text}")), [], "a fence without its end");
    }
    let each_line = |prefix: &str| -> String {
        text.split(['\n', '\r']).map(|line| format!("{prefix}{line}\n")).collect()
    };
    assert_eq!(parse_comment(&each_line("> ")), []);
    assert_eq!(parse_comment(&each_line("    ")), []);
}

fn nothing_private_is_shown(text: &str) {
    let catalogue = &*CATALOGUE;
    let silent = |what: String| assert!(!what.contains("planted@"), "{what}");
    for line in parse_comment(text) {
        silent(shown_line(&line, Some(&catalogue.policy)).unwrap_or_default());
        match &line.parsed {
            Ok(Command::Build { build_type, inputs, .. }) => {
                let asked = from_command(catalogue, build_type.as_deref(), inputs).dry();
                silent(serde_json::to_string(&asked).expect("it can be stored"));
            }
            Ok(_) => {}
            Err(error) => silent(error.why.clone()),
        }
    }
    let issue = IssueText { title: String::new(), body: text.to_owned(), labels: Vec::new() };
    for asked in from_body_commands(catalogue, &issue) {
        silent(serde_json::to_string(&asked).expect("it can be stored"));
    }
}

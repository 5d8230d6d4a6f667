//! What the documents say is there: the files they link to, the commands they tell people to type.

use std::{fs, path::Path};

use clap::{Command, CommandFactory as _};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use trilock::{commands::Cli, policy::parse_policy};

const ENGLISH: &str = "README.md";
const CHINESE: &str = "README.zh-CN.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn documents() -> Vec<String> {
    let mut paths: Vec<String> = [ENGLISH, CHINESE, "CONTRIBUTING.md"].map(str::to_owned).into();
    for entry in fs::read_dir(root().join("docs")).expect("the folder docs") {
        let name = entry.expect("a file").file_name().into_string().expect("a name in UTF-8");
        if name.ends_with(".md") {
            paths.push(format!("docs/{name}"));
        }
    }
    paths
}

fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
}

/// The fenced blocks, each with its language.
fn blocks(markdown: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for event in events(markdown) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                open = Some((language.into_string(), String::new()));
            }
            Event::Text(text) => {
                if let Some((_, code)) = &mut open {
                    code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}

/// A block's lines without what is only said beside them.
fn without_remarks(code: &str) -> Vec<String> {
    let bare = code.lines().map(|line| match line.trim_start().starts_with('#') {
        true => "",
        false => line.split(" #").next().unwrap_or_default().trim_end(),
    });
    bare.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn each_link_leads_to_a_file() {
    for document in documents() {
        let (text, folder) = (read(&document), root().join(&document));
        let folder = folder.parent().expect("a folder");
        for event in events(&text) {
            let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event else {
                continue;
            };
            let path = dest_url.split('#').next().unwrap_or_default();
            let elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
            assert!(
                elsewhere || folder.join(path).exists(),
                "{document} links to {dest_url}, which is not there"
            );
        }
    }
}

#[test]
fn the_chinese_readme_has_what_the_english_one_has() {
    let (english, chinese) = (read(ENGLISH), read(CHINESE));
    let sections = |text: &str| text.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(sections(&english), sections(&chinese), "the sections");
    let typed = |text: &str| -> Vec<Vec<String>> {
        let blocks = blocks(text).into_iter().filter(|(language, _)| !language.is_empty());
        blocks.map(|(_, code)| without_remarks(&code)).collect()
    };
    assert_eq!(typed(&english), typed(&chinese), "the code blocks, but for remarks");
    let links = |text: &str, other: &str| -> Vec<String> {
        let links = events(text).filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
            _ => None,
        });
        let mut links: Vec<String> = links.filter(|link| link != other).collect();
        links.sort();
        links
    };
    assert_eq!(links(&english, CHINESE), links(&chinese, ENGLISH), "the links");
}

#[test]
fn each_policy_to_copy_is_good() {
    const TOP: [&str; 4] = ["queue", "named_resources", "permissions", "commands"];
    let mut seen = 0;
    let mut good = |document: &str, policy: &str| {
        seen += 1;
        let errors = parse_policy(".github/trilock.yml", policy).err();
        assert_eq!(errors, None, "{document}:\n{policy}");
    };
    for document in documents() {
        let text = read(&document);
        let policies = blocks(&text).into_iter().map(|(_, code)| code);
        for policy in
            policies.filter(|code| without_remarks(code).first().is_some_and(|line| line == "version: 1"))
        {
            good(&document, &policy);
        }
        for event in events(&text) {
            let Event::Code(code) = event else { continue };
            let Some((key, _)) = code.split_once(": {").filter(|_| !code.contains('…')) else { continue };
            let build =
                "version: 1\nbuilds:\n  a:\n    workflow: a.yml\n    inputs: { host: { type: host } }\n";
            if TOP.contains(&key) {
                good(&document, &format!("{build}{code}\n"));
            } else if ["approval", "triggers"].contains(&key) {
                good(&document, &format!("{build}    {code}\n"));
            }
        }
    }
    assert!(seen > 10, "only {seen} were found");
}

/// What a text tells people to type for our program: the words after its name.
fn typed(line: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = match words.as_slice() {
        ["cargo", "run", rest @ ..] => {
            rest.iter().position(|word| *word == "--").map(|at| &rest[at + 1..])?
        }
        ["trilock", rest @ ..] => rest,
        _ => return None,
    };
    Some(after.iter().map(|word| (*word).to_owned()).collect())
}

/// Says what of it there is not.
fn unknown(program: &Command, words: &[String]) -> Option<String> {
    let mut command = program;
    let mut known: Vec<&Command> = vec![program];
    for word in words.iter().take_while(|word| !["#", "|", ">"].contains(&word.as_str())) {
        if let Some(flag) = word.strip_prefix("--") {
            let flag = flag.split('=').next().unwrap_or_default();
            let there = known.iter().flat_map(|command| command.get_arguments());
            let mut there = there.filter_map(|argument| argument.get_long());
            if !["help", "version"].contains(&flag) && !there.any(|long| long == flag) {
                return Some(word.clone());
            }
        } else if command.has_subcommands() && word.starts_with(|c: char| c.is_ascii_lowercase()) {
            // `check|schema` stands for either.
            for name in word.split('|') {
                match command.find_subcommand(name) {
                    Some(found) => known.push(found),
                    None => return Some(name.to_owned()),
                }
            }
            command = known[known.len() - 1];
        }
    }
    None
}

#[test]
fn each_subcommand_and_flag_that_is_named_exists() {
    let program = Cli::command();
    let mut seen = 0;
    for document in documents() {
        let text = read(&document);
        let spans = events(&text).filter_map(|event| match event {
            Event::Code(code) => Some(code.into_string()),
            _ => None,
        });
        let lines = blocks(&text)
            .into_iter()
            .flat_map(|(_, code)| code.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>());
        for line in spans.chain(lines) {
            let Some(words) = typed(&line) else { continue };
            seen += 1;
            let wrong = unknown(&program, &words);
            assert_eq!(wrong, None, "{document}: `{line}`: there is no such thing");
        }
    }
    assert!(seen > 20, "only {seen} were found");
}

#[test]
fn a_wrong_one_is_noticed() {
    let program = Cli::command();
    let wrong = |line: &str| typed(line).and_then(|words| unknown(&program, &words));
    assert_eq!(wrong("trilock policy chekc FILE"), Some("chekc".to_owned()));
    assert_eq!(wrong("trilock policy check|scheme"), Some("scheme".to_owned()));
    assert_eq!(wrong("trilock dead retry --everything"), Some("--everything".to_owned()));
    assert_eq!(wrong("cargo run -- dmo"), Some("dmo".to_owned()));
    assert_eq!(wrong("trilock locks lift OWNER/NAME/RESOURCE SLOT --reason …"), None);
    assert_eq!(wrong("/trilock build"), None);
}

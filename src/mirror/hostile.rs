//! Text that tries to be more than text, and a reader that tells what became of it.

use std::sync::LazyLock;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

mod tests;

/// What GitHub makes a mention, a reference, a commit or an address of.
static WAKES: LazyLock<Regex> = LazyLock::new(|| {
    let wakes = r"(?i)@[a-z0-9]|#[0-9]|\b(gh|jira)-[0-9]|ghsa-[a-z0-9]|://|www\.|\b[0-9a-f]{7,40}\b";
    Regex::new(wakes).expect("a regex")
});

/// Anything, and above all what means something to Markdown or to GitHub.
pub fn text() -> impl Strategy<Value = String> {
    let pieces = [
        "@mona",
        "@",
        "#41",
        "#",
        "GH-41",
        "o/r#1",
        "o/r@1a2b3c4",
        "1a2b3c4d5e6f",
        "https://x.example",
        "www.x.example",
        "a@b.example",
        "<b>",
        "<!-- trilock:status -->",
        "-->",
        "<img src=x>",
        "</td>",
        "`",
        "``",
        "```",
        "|",
        "\\",
        "\\|",
        "\n",
        "\r\n",
        "\n\n",
        "\n# ",
        "\n---\n",
        "\n- ",
        "\n```\n",
        "\n> ",
        "[a](https://x.example)",
        "![a](b)",
        "[^1]",
        "]",
        "(",
        ")",
        "*",
        "**",
        "_",
        "~~",
        "$",
        "$$",
        "&amp;",
        "&#64;",
        "&",
        "\u{202e}",
        "\u{200b}",
        "\u{0}",
        "javascript:x",
        "ftp://x",
        "GHSA-jfh8-c2jp",
        // Names of users, teams and branches.
        "dependabot[bot]",
        "@octo-org/team",
        "mona-lisa",
        "refs/heads/fix/#41-`x`",
        "feature/<b>&@mona",
        "release/1.4|beta",
        "a@{upstream}",
        "../../../octo/app",
        "${{ github.head_ref }}",
        "$(id)",
        " ",
        "  ",
        "v1.4",
        "word",
        "\t",
        "\u{2028}",
        "{",
        "!",
        "=",
        "+",
        "1.",
    ];
    let piece = prop_oneof![
        8 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => any::<char>().prop_map(String::from),
        1 => (1..200usize).prop_map(|n| "`".repeat(n)),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// What a reader of the Markdown gets.
#[derive(Debug, Default)]
pub struct Seen {
    /// All but code, which is `\u{1}` here.
    pub text: String,
    pub code: Vec<String>,
    pub links: Vec<String>,
    pub html: Vec<String>,
    pub others: Vec<String>,
    pub cells: usize,
}

impl Seen {
    pub fn of(markdown: &str) -> Self {
        let mut seen = Self::default();
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM;
        let mut in_block = false;
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Start(Tag::CodeBlock(_)) => in_block = true,
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Text(text) if in_block => seen.code.push(text.into_string()),
                Event::Text(text) => seen.text.push_str(&text),
                Event::Code(code) => {
                    seen.text.push('\u{1}');
                    seen.code.push(code.into_string());
                }
                Event::Html(html) | Event::InlineHtml(html) => seen.html.push(html.trim().to_owned()),
                Event::Start(Tag::Link { dest_url, .. }) => seen.links.push(dest_url.into_string()),
                Event::Start(Tag::Image { .. } | Tag::BlockQuote(_) | Tag::FootnoteDefinition(_))
                | Event::InlineMath(_)
                | Event::DisplayMath(_)
                | Event::FootnoteReference(_)
                | Event::Start(Tag::Strikethrough)
                | Event::TaskListMarker(_) => seen.others.push(format!("{event:?}")),
                Event::Start(Tag::TableCell) => seen.cells += 1,
                Event::SoftBreak | Event::HardBreak => seen.text.push('\n'),
                Event::End(TagEnd::Heading(_) | TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell) => {
                    seen.text.push('\n');
                }
                _ => {}
            }
        }
        seen
    }

    /// Nothing that GitHub would make a link, a mention, a reference or HTML of.
    pub fn assert_harmless(&self) {
        assert_eq!(self.html, [""; 0], "{self:?}");
        assert_eq!(self.links, [""; 0], "{self:?}");
        self.assert_quiet();
    }

    /// The same of a whole comment, which has links of ours and a marker.
    fn assert_comment(&self, marker: &str) {
        assert_eq!(self.html, [marker], "{self:?}");
        for url in &self.links {
            assert!(
                url.starts_with("https://github.com/") || url.starts_with("https://ci.example/"),
                "{url}"
            );
        }
        self.assert_quiet();
    }

    fn assert_quiet(&self) {
        assert!(!WAKES.is_match(&self.text), "{:?} in {:?}", WAKES.find(&self.text), self.text);
        assert_eq!(self.others, [""; 0]);
    }
}

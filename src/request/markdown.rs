//! Which bytes of a Markdown text its readers see as plain text.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

/// HTML elements whose content GitHub shows as a quote or as code, or folds away; their content can be Markdown again.
const ELEMENTS: [&str; 9] = ["blockquote", "code", "details", "kbd", "pre", "q", "samp", "tt", "var"];

/// A text's parts, each a list of ranges that are apart and in order.
pub(super) struct Parts {
    /// What is shown as text, in quotes and elsewhere.
    text: Vec<Range<usize>>,
    /// Quotes, code, images and HTML.
    hidden: Vec<Range<usize>>,
    /// The HTML in it.
    pub html: Vec<Range<usize>>,
}

impl Parts {
    pub fn of(markdown: &str) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_GFM;
        let mut parts = Self { text: Vec::new(), hidden: Vec::new(), html: Vec::new() };
        let mut open = OpenHtml::default();
        for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
            match event {
                Event::Start(Tag::BlockQuote(_) | Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::Image { .. })
                | Event::Code(_) => parts.hide(range),
                Event::InlineHtml(html) => {
                    open.read(&html);
                    parts.hide(range.clone());
                    parts.html.push(range);
                }
                Event::Html(html) => {
                    open.read(&html);
                    parts.html.push(range);
                }
                Event::Text(_) if open.is_empty() => parts.text.push(range),
                _ => {}
            }
        }
        parts
    }

    fn hide(&mut self, range: Range<usize>) {
        // What stands inside a hidden range is in it already.
        if self.hidden.last().is_none_or(|last| last.end <= range.start) {
            self.hidden.push(range);
        }
    }

    /// Whether the byte there is plain text to a reader.
    pub fn shows(&self, at: usize) -> bool {
        contains(&self.text, at) && !contains(&self.hidden, at)
    }
}

fn contains(ranges: &[Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.end <= at);
    ranges.get(next).is_some_and(|range| range.contains(&at))
}

/// What raw HTML has opened and not closed yet.
#[derive(Default)]
struct OpenHtml {
    /// How many of each of [`ELEMENTS`].
    elements: [u32; ELEMENTS.len()],
    comment: bool,
}

impl OpenHtml {
    fn is_empty(&self) -> bool {
        !self.comment && self.elements.iter().all(|open| *open == 0)
    }

    /// Reads the tags of some HTML. What is never closed stays open to the end, as browsers have it.
    fn read(&mut self, mut html: &str) {
        loop {
            let mark = if self.comment { "-->" } else { "<" };
            let Some((_, rest)) = html.split_once(mark) else { return };
            html = rest;
            if self.comment {
                self.comment = false;
            } else if let Some(remark) = rest.strip_prefix("!--") {
                // `<!-->` and `<!--->` are whole comments.
                let short = [">", "->"].iter().find_map(|end| remark.strip_prefix(end));
                html = short.unwrap_or(remark);
                self.comment = short.is_none();
            } else {
                self.tag(rest);
            }
        }
    }

    fn tag(&mut self, tag: &str) {
        let (name, opens) = match tag.strip_prefix('/') {
            Some(name) => (name, false),
            None => (tag, true),
        };
        let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let Some(index) = ELEMENTS.iter().position(|element| element.eq_ignore_ascii_case(name)) else {
            return;
        };
        let open = &mut self.elements[index];
        *open = if opens { open.saturating_add(1) } else { open.saturating_sub(1) };
    }
}

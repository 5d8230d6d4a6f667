//! Somebody's text as Markdown that shows it and does nothing else.

#[cfg(test)]
mod tests;

/// Characters of one value, name or reason that are shown; what is longer ends with `…`.
const MAX_SHOWN: usize = 200;
/// Characters of a line to copy. It is never shortened: a part of it would ask for something else.
const MAX_LINE: usize = 8_000;
/// Parsers give up on long runs of backticks (cmark at 80), and the span would not be code.
const MAX_FENCE: usize = 8;
/// GitHub takes this many hexadecimal digits for a commit.
const COMMIT: usize = 7;
/// A zero-width space: readers do not see it, and GitHub sees no mention, reference or address.
const JOINT: &str = "&#8203;";

/// Text for the middle of a line or a table's cell: no markup, no mention, no reference, no link.
pub fn escape(text: &str) -> String {
    escape_all(&shorten(&clean(text)))
}

/// Text as a code span, outside of tables.
pub fn code(text: &str) -> String {
    span(&shorten(&clean(text)))
}

/// Text as a code span in a table's cell.
pub fn code_cell(text: &str) -> String {
    let text = shorten(&clean(text));
    // Parsers differ in which of the two the middle backslash of `\\|` belongs to.
    if text.contains("\\|") { escape_all(&text) } else { span(&text).replace('|', "\\|") }
}

/// A sentence in which backticks enclose code.
pub fn prose(text: &str) -> String {
    by_backticks(text, code)
}

/// Such a sentence in a table's cell.
pub(super) fn prose_cell(text: &str) -> String {
    by_backticks(text, code_cell)
}

/// A whole line to copy, as a code span. `None` when it is too long to be shown.
pub(super) fn line_to_copy(line: &str) -> Option<String> {
    let own = line.split(' ').any(|word| word.ends_with("=…"));
    let to_fill_in = if own { " (with your own value where `…` stands)" } else { "" };
    span_to_copy(line).map(|line| format!("{line}{to_fill_in}"))
}

/// The same without the words about what its reader fills in.
pub(super) fn span_to_copy(line: &str) -> Option<String> {
    let line = clean(line);
    (line.chars().count() <= MAX_LINE).then(|| span(&line))
}

/// `text`, which is Markdown already, as a link. Only the text when the address is none of the web's.
pub(super) fn link(text: &str, url: &str) -> String {
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return text.to_owned();
    }
    let mut to = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            b'&' => to.push_str("&amp;"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => to.push(char::from(byte)),
            _ if b"-._~:/?#@!$+,;=%".contains(&byte) => to.push(char::from(byte)),
            _ => to.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("[{text}]({to})")
}

/// One line without what is invisible or turns the reading direction.
fn clean(text: &str) -> String {
    let visible = text.chars().filter(|c| !is_invisible(*c)).map(|c| if is_blank(c) { ' ' } else { c });
    visible.filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

fn is_blank(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MAX_SHOWN - 1).chain(['…']).collect(),
    }
}

fn span(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    if longest >= MAX_FENCE {
        return escape_all(text);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn by_backticks(text: &str, code: impl Fn(&str) -> String) -> String {
    let text = clean(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) || text.contains("``") || text.chars().count() > 4 * MAX_SHOWN {
        return escape(&text);
    }
    let part = |(n, part): (usize, &&str)| if n.is_multiple_of(2) { escape_all(part) } else { code(part) };
    parts.iter().enumerate().map(part).collect()
}

fn escape_all(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() * 2);
    let mut hex = 0;
    for (at, &c) in chars.iter().enumerate() {
        hex = if c.is_ascii_hexdigit() { hex + 1 } else { 0 };
        if hex == COMMIT || wakes(&chars[..at], c) {
            out.push_str(JOINT);
            hex = 1;
        }
        match c {
            '|' => out.push_str("&#124;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '&' | '$' | '#' | '!' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    // Whatever follows a mark, it must not be joined to it.
    if matches!(chars.last(), Some('@' | '#')) {
        out.push_str(JOINT);
    }
    out
}

/// Whether `next` would complete a mention, a reference (`#41`, `GH-41`, `GHSA-…`) or an address.
fn wakes(before: &[char], next: char) -> bool {
    let ends_with = |word: &str| {
        let last = before.iter().rev().zip(word.chars().rev());
        before.len() >= word.len() && last.into_iter().all(|(c, w)| c.eq_ignore_ascii_case(&w))
    };
    match (before.last(), next) {
        (Some('@' | '#'), _) | (Some(':'), '/') => true,
        (Some('-'), _) => next.is_ascii_digit() || ends_with("ghsa-"),
        (_, '.') => ends_with("www"),
        _ => false,
    }
}

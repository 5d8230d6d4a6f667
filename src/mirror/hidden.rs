//! Each comment's last line: by it we know our own comment again.

use crate::{queue::BuildId, request::commands};

/// GitHub's limit on a comment, in characters.
pub const MAX_COMMENT: usize = 65_536;

pub fn status_marker() -> &'static str {
    "<!-- trilock:status -->"
}

pub fn outcome_marker(build: BuildId) -> String {
    format!("<!-- trilock:outcome:{build} -->")
}

/// The same comment where only `/trilock …` is a command: what it tells people to write must count.
pub fn in_long_form(comment: &str) -> String {
    commands().iter().fold(comment.to_owned(), |text, spec| {
        text.replace(&format!("`/{}", spec.name), &format!("`/trilock {}", spec.name))
    })
}

/// `key` is the key of the reply's effect; what could end the marker is percent-encoded.
pub fn reply_marker(key: &str) -> String {
    let mut safe = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b':' | b'.' | b'_' | b'-' => {
                safe.push(char::from(byte))
            }
            _ => safe.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("<!-- trilock:reply:{safe} -->")
}

/// Whether the comment's last line is this marker. Elsewhere it is somebody's text and means nothing.
pub fn carries(comment: &str, marker: &str) -> bool {
    comment.lines().rfind(|line| !line.trim().is_empty()).is_some_and(|line| line.trim() == marker)
}

/// The comment: its text, shortened by whole lines where it is too long, and the marker.
pub(super) fn seal(text: &str, marker: &str) -> String {
    const CUT: &str = "\n\n…";
    let room = MAX_COMMENT.saturating_sub(marker.chars().count() + 2);
    let text = text.trim_end();
    if text.chars().count() <= room {
        return format!("{text}\n\n{marker}");
    }
    let head: String = text.chars().take(room - CUT.chars().count()).collect();
    let whole_lines = head.rfind('\n').map_or("", |end| &head[..end]);
    format!("{}{CUT}\n\n{marker}", whole_lines.trim_end())
}

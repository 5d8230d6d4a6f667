//! Words in answer to a command or an issue.

use super::help::{HelpBuild, help};
use super::hidden::{reply_marker, seal};
use super::refusal::refusal;
use super::status::{StatusView, blocks, no_build};
use super::text::{code, line_to_copy, prose};
use crate::queue::{Mistake, Reply};

#[cfg(test)]
mod tests;

/// All that one reply is made of.
#[derive(Clone, Debug)]
pub struct ReplyView<'a> {
    pub reply: &'a Reply,
    /// The key of the reply's effect: one comment for each.
    pub key: &'a str,
    /// The builds, for [`Reply::Status`].
    pub status: Option<&'a StatusView<'a>>,
    /// The live queue page of the repository.
    pub queue_url: &'a str,
    /// What can be asked for by comment, for [`Reply::Help`].
    pub builds: &'a [HelpBuild],
}

/// The reply; its last line is [`reply_marker`].
pub fn reply_comment(view: &ReplyView<'_>) -> String {
    let text = match view.reply {
        Reply::Help => help(view.builds, view.queue_url),
        Reply::Status => view.status.map_or_else(|| no_build(view.queue_url), blocks),
        Reply::Refused { refusal: why } => refusal(why, view.queue_url),
        Reply::Mistake { mistake: what } => mistake(what),
    };
    seal(&text, &reply_marker(view.key))
}

fn mistake(mistake: &Mistake) -> String {
    let way_out = match mistake.corrected.as_deref().and_then(line_to_copy) {
        Some(line) => format!("Write a new comment with only: {line}."),
        None => "A comment with only `/help` shows what can be written.".to_owned(),
    };
    format!(
        "### ✏️ Line {} of your comment needs a correction\n{}: {}\n\n{way_out} This line changed nothing.",
        mistake.line,
        code(&mistake.text),
        prose(&mistake.why)
    )
}

//! Tells the demo on the terminal: who did what, who holds which lock, what the comments now say.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::town::REPO;
use crate::{
    sandbox::{CommentChange, Record, Sandbox},
    store::{LeaseView, Store},
};

/// What was told already.
#[derive(Default)]
struct Told {
    asked: usize,
    dispatches: usize,
    comments: usize,
    ended: BTreeMap<u64, bool>,
    tokens: BTreeMap<(String, i32), i64>,
}

/// Tells what happens until it is dropped.
pub(super) async fn tell(sandbox: Sandbox, store: Store) {
    let mut changed = sandbox.changed();
    let mut told = Told::default();
    while changed.changed().await.is_ok() {
        // Locks are read as they are now; the record is told in its own order.
        let leases = store.lease_view(None).await.unwrap_or_default();
        let lines = told.news(sandbox.world().record(), &leases);
        for (at, line) in lines {
            println!("{}  {line}", at.format("%H:%M:%S"));
        }
    }
}

impl Told {
    fn news(&mut self, record: &Record, leases: &[LeaseView]) -> Vec<(DateTime<Utc>, String)> {
        let mut lines = Vec::new();
        for asked in &record.asked[self.asked..] {
            let how = if asked.comment.is_some() { "writes /build in" } else { "opens" };
            lines.push((asked.at, format!("👤 {} {how} #{}", asked.login, asked.issue)));
        }
        for comment in record.comments[self.comments..].iter().filter(|c| c.change != CommentChange::Deleted)
        {
            let ours = comment.author.ends_with("[bot]");
            let first = comment.body.lines().next().unwrap_or_default();
            let line = match (ours, comment.change) {
                (true, CommentChange::Created) => format!("💬 #{}  {}", comment.issue, plain(first)),
                (true, _) => format!("✎  #{}  {}", comment.issue, plain(first)),
                (false, CommentChange::Created) if !first.starts_with("/build") => {
                    format!("👤 {} writes {first} in #{}", comment.author, comment.issue)
                }
                _ => continue,
            };
            lines.push((comment.at, line));
        }
        for dispatch in &record.dispatches[self.dispatches..] {
            let tag = dispatch.inputs.get("tag").map_or("", String::as_str);
            lines.push((dispatch.at, format!("🔨 run {:?} started for {tag}", dispatch.runs)));
        }
        for run in &record.runs {
            let Some((at, conclusion)) = run.completed_at.zip(run.conclusion.as_deref()) else { continue };
            if self.ended.insert(run.run, true).is_none() {
                lines.push((at, format!("🏁 run {} ended: {conclusion}", run.run)));
            }
        }
        (self.asked, self.dispatches, self.comments) =
            (record.asked.len(), record.dispatches.len(), record.comments.len());
        lines.extend(leases.iter().filter_map(|view| self.lease(view)));
        lines.sort_by_key(|(at, _)| *at);
        lines
    }

    fn lease(&mut self, view: &LeaseView) -> Option<(DateTime<Utc>, String)> {
        let lease = &view.lease;
        let slot = (lease.resource.name().to_owned(), lease.slot);
        if self.tokens.insert(slot, lease.token) == Some(lease.token) {
            return None;
        }
        let issue = view.issue.unwrap_or_default();
        let text = format!(
            "🔒 build lock {REPO}/{}[{}] → #{issue}, token {}",
            lease.resource.name(),
            lease.slot,
            lease.token
        );
        Some((lease.granted_at, text))
    }
}

/// A heading without its Markdown and links.
fn plain(line: &str) -> String {
    let line = line.trim_start_matches("### ").replace(['*', '`'], "");
    line.split_once(" ([").map_or(line.clone(), |(head, _)| head.to_owned())
}

//! What must hold at the end: everybody has an answer, and what people read is true.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sqlx::Row as _;
use trilock::{
    mirror::reply_marker,
    request::{IssueText, revision},
    sandbox::{Comment, Record},
};

use crate::{
    checks::{BOT, Findings, NOT_STORED, STATUS, found, standing},
    database::Database,
    github::GitHub,
    people::{Command, Request},
    town::{REPOS, form},
};

/// Everything that is not finished, in words.
const REST: &str = "
    SELECT concat_ws(' ', 'inbox', state, event->>'event', last_error) FROM inbox
    UNION ALL SELECT concat_ws(' ', 'outbox', state, effect_key, last_error) FROM outbox
    UNION ALL SELECT concat_ws(' ', 'mirror of issue', issue, last_error) FROM mirror WHERE shown < wanted
    UNION ALL SELECT concat_ws(' ', 'build', build_type, 'of issue', issue, status, inputs->>'tag') FROM build
    UNION ALL SELECT concat_ws(' ', 'lease', resource, slot, state, build_id) FROM lease";

const BUILDS: &str = "
    SELECT b.build_id::text AS id, r.owner || '/' || r.name AS repo, b.issue, b.build_type, b.status, b.inputs->>'tag' AS tag,
           coalesce(b.ending->>'ending' = 'replaced', false) AS replaced, b.requested_at FROM (SELECT * FROM build UNION ALL SELECT * FROM build_history) AS b
      JOIN repository r USING (tenant_id, repo_id) WHERE b.issue IS NOT NULL ORDER BY b.requested_at, b.build_id";

const MIRRORS: &str = "
    SELECT r.owner || '/' || r.name AS repo, m.issue, m.body FROM mirror m JOIN repository r USING (tenant_id, repo_id)";

/// What is not finished, in words.
pub async fn rest(database: &Database, github: &GitHub) -> Vec<String> {
    let mut rest = database.lines(REST).await;
    let unheard: Vec<String> = github.read("unheard", json!({})).await;
    // One that is stored and whose answer was lost needs nothing more.
    let missed = database.lines_of(NOT_STORED, &unheard).await;
    rest.extend(missed.into_iter().map(|hook| format!("delivery {hook} has not arrived")));
    if github.read::<bool>("is_settled", json!({})).await {
        for repo in &REPOS {
            let runs: Vec<serde_json::Value> = github.read("runs", json!({ "repo": repo.name })).await;
            let alive = runs.iter().filter(|run| run["status"] != "completed");
            rest.extend(alive.map(|run| format!("run {} of {} goes on", run["id"], repo.name)));
        }
    } else {
        rest.push("webhooks are under way".to_owned());
    }
    rest
}

struct Build {
    id: String,
    repo: String,
    issue: u64,
    build_type: String,
    status: String,
    tag: Option<String>,
    /// Its answers were edited, and another one took its place without a word.
    replaced: bool,
}

/// All that is judged at the end.
pub struct End<'a> {
    record: &'a Record,
    builds: Vec<Build>,
    /// What GitHub shows in each issue.
    comments: BTreeMap<(&'static str, u64), Vec<Comment>>,
    mirrors: BTreeMap<(String, u64), Option<String>>,
    /// Requests that had no answer.
    pub forgotten: u64,
}

impl<'a> End<'a> {
    pub async fn read(
        database: &Database,
        github: &GitHub,
        record: &'a Record,
        commands: &[Command],
        requests: &[Request],
    ) -> Self {
        let issues: BTreeSet<(&'static str, u64)> = commands
            .iter()
            .map(|command| (command.repo, command.issue))
            .chain(requests.iter().map(|request| (request.repo, request.issue)))
            .collect();
        let mut comments = BTreeMap::new();
        for (repo, issue) in issues {
            let all = github.read("comments", json!({ "repo": repo, "issue": issue })).await;
            comments.insert((repo, issue), all);
        }
        let builds = database.rows(BUILDS).await;
        let builds = builds.iter().map(|row| Build {
            id: row.get("id"),
            repo: row.get("repo"),
            issue: row.get::<i64, _>("issue").cast_unsigned(),
            build_type: row.get("build_type"),
            status: row.get("status"),
            tag: row.get("tag"),
            replaced: row.get("replaced"),
        });
        let mirrors = database.rows(MIRRORS).await;
        let mirrors = mirrors
            .iter()
            .map(|row| ((row.get("repo"), row.get::<i64, _>("issue").cast_unsigned()), row.get("body")));
        Self { record, builds: builds.collect(), comments, mirrors: mirrors.collect(), forgotten: 0 }
    }

    /// Looks at everything.
    pub fn judge(&mut self, requests: &[Request], commands: &[Command]) -> Findings {
        let mut wrong = Vec::new();
        for (n, request) in requests.iter().enumerate() {
            if is_overtaken(request, &requests[n + 1..]) {
                continue;
            }
            if let Some(why) = self.unanswered(request) {
                self.forgotten += 1;
                wrong.push(format!("{}#{} {}: {why}", request.repo, request.issue, request.tag));
            }
        }
        let mut all = found("every request has one end", wrong);
        all.extend(found(
            "every command is answered once",
            commands.iter().filter_map(|it| self.verdicts(it)),
        ));
        all.extend(found("one status comment per issue", self.status_comments()));
        all.extend(found("status comments are true", self.untrue()));
        all
    }

    /// Why a request has not come to its one end.
    fn unanswered(&self, request: &Request) -> Option<String> {
        let of_request = |build: &&Build| build.tag.as_deref() == Some(&request.tag);
        let builds: Vec<&Build> = self.builds.iter().filter(of_request).collect();
        let marks = |marker: &str| {
            let here = standing(self.record).into_values();
            here.filter(|it| (it.0, it.1, it.2) == (request.repo, request.issue, marker)).count()
        };
        match builds.as_slice() {
            [] => {
                let marker = reply_marker(&self.reply_key(request));
                (marks(&marker) != 1).then(|| format!("neither a build nor a refusal ({marker})"))
            }
            [build] => {
                let outcomes = marks(&format!("<!-- trilock:outcome:{} -->", build.id));
                (outcomes != usize::from(!build.replaced)).then(|| {
                    format!("build {} is {} and has {outcomes} outcome comments", build.id, build.status)
                })
            }
            several => Some(format!("{} builds", several.len())),
        }
    }

    /// As the words that refuse it are known by.
    fn reply_key(&self, request: &Request) -> String {
        match request.comment {
            Some(comment) => format!("c{comment}.0"),
            None => {
                let repo = REPOS.iter().find(|repo| repo.name == request.repo).expect("its repository");
                let text =
                    IssueText { title: request.title.clone(), body: form(&request.tag), labels: Vec::new() };
                let asks = |name: &str| {
                    let key = format!("issue:{}:{name}:{}", request.issue, revision(&text));
                    let marker = reply_marker(&key);
                    standing(self.record).into_values().any(|it| it.2 == marker).then_some(key)
                };
                let key = repo.builds.iter().find_map(|build| asks(build.name));
                key.unwrap_or_else(|| format!("issue:{}:?:{}", request.issue, revision(&text)))
            }
        }
    }

    /// What is wrong with a command's reactions.
    fn verdicts(&self, command: &Command) -> Option<String> {
        let comments = self.comments.get(&(command.repo, command.issue))?;
        let comment = comments.iter().find(|comment| comment.id == command.comment)?;
        let given = comment.reactions.iter().filter(|reaction| reaction.login == BOT);
        let given: Vec<&str> = given.map(|reaction| reaction.content.as_str()).collect();
        let verdicts = given.iter().filter(|content| ["+1", "confused"].contains(content)).count();
        let text = comment.edits.first().unwrap_or(&comment.body);
        (verdicts != 1)
            .then(|| format!("{}#{} {} {text:?} has {given:?}", command.repo, command.issue, command.comment))
    }

    fn status_of(&self, repo: &str, issue: u64) -> impl Iterator<Item = &Comment> {
        let here = self.comments.iter().filter(move |((r, i), _)| (*r, *i) == (repo, issue));
        let all = here.flat_map(|(_, comments)| comments);
        all.filter(|comment| comment.author == BOT && comment.body.lines().last() == Some(STATUS))
    }

    /// None where nothing was ever accepted, else one.
    fn status_comments(&self) -> Vec<String> {
        let built: BTreeSet<(&str, u64)> =
            self.builds.iter().map(|build| (build.repo.as_str(), build.issue)).collect();
        let issues = self.comments.keys().copied();
        let wrong = issues.filter_map(|(repo, issue)| {
            let (many, wanted) =
                (self.status_of(repo, issue).count(), usize::from(built.contains(&(repo, issue))));
            (many != wanted).then(|| format!("{repo}#{issue} has {many} and should have {wanted}"))
        });
        wrong.collect()
    }

    /// Status comments that are not what we last wanted to show, or not what became of the builds.
    fn untrue(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for ((repo, issue), body) in &self.mirrors {
            let Some(comment) = self.status_of(repo, *issue).next() else { continue };
            if body.as_deref() != Some(&comment.body) {
                wrong.push(format!("{repo}#{issue} is not as sent: {:?}", comment.body.lines().next()));
            }
            let mut last = BTreeMap::new();
            for build in self.builds.iter().filter(|build| (&build.repo, build.issue) == (repo, *issue)) {
                last.insert(&build.build_type, build);
            }
            for build in last.into_values().filter(|build| !comment.body.contains(words(&build.status))) {
                wrong.push(format!(
                    "{repo}#{issue}: build {} is {}, and it says {:?}",
                    build.id,
                    build.status,
                    comment.body.lines().next()
                ));
            }
        }
        wrong
    }
}

/// A text that was edited before we heard of it asks for nothing: what it became counts.
fn is_overtaken(request: &Request, later: &[Request]) -> bool {
    let edits = |other: &Request| {
        other.comment.is_none() && (other.repo, other.issue) == (request.repo, request.issue)
    };
    request.comment.is_none() && later.iter().any(edits)
}

/// What the status comment says of a build that ended so.
fn words(status: &str) -> &'static str {
    match status {
        "succeeded" => "### ✅ Succeeded",
        "failed" => "### ❌ Failed",
        "rejected" => "### 🚫 Not approved",
        "cancelled" => "### 🚫 Cancelled",
        "timed_out" => "### ⌛ Timed out",
        "lost" => "### ❓ Not known how it ended",
        "invalid" => "### ✏️",
        _ => "no such status",
    }
}

//! The harness as the admin: it lifts a quarantine once its own record shows that nothing of that build runs.

use std::{collections::BTreeMap, time::Duration};

use sqlx::Row as _;
use trilock::sandbox::Record;

use crate::{
    database::{Database, SECRET_KEY},
    github::GitHub,
    processes::trilock,
    table::Counts,
};

/// Longer than any single command should take.
const PATIENCE: Duration = Duration::from_secs(20);

const QUARANTINED: &str = "
    SELECT l.resource, l.slot, l.build_id::text AS build, r.owner || '/' || r.name AS repo,
           coalesce(b.inputs, h.inputs)->>'tag' AS tag
      FROM lease l
      JOIN repository r USING (tenant_id, repo_id)
      LEFT JOIN build b USING (tenant_id, build_id)
      LEFT JOIN build_history h USING (tenant_id, build_id)
     WHERE l.state = 'quarantined' ORDER BY l.resource, l.slot";

pub struct Admin<'a> {
    pub database: &'a Database,
    pub github: &'a GitHub,
    pub counts: &'a Counts,
    /// How often each quarantine was looked at: an admin does not act at first sight.
    pub seen: BTreeMap<String, u32>,
}

impl Admin<'_> {
    pub async fn look(&mut self) {
        let rows = self.database.rows(QUARANTINED).await;
        if rows.is_empty() {
            return;
        }
        let record = self.github.record().await;
        for row in rows {
            let (build, tag): (String, Option<String>) = (row.get("build"), row.get("tag"));
            let looks = self.seen.entry(build.clone()).or_default();
            *looks += 1;
            if *looks < 3 || is_alive(&record, &build, tag.as_deref()) {
                continue;
            }
            let resource: String = row.get("resource");
            let name = resource.split_once('/').map_or(resource.as_str(), |(_, name)| name);
            let shown = format!("{}/{name}", row.get::<String, _>("repo"));
            if self.lift(&shown, row.get("slot")).await {
                self.counts.add("quarantines lifted");
            }
        }
    }

    async fn lift(&self, resource: &str, slot: i32) -> bool {
        let mut command = trilock();
        command.args(["locks", "lift", resource, &slot.to_string(), "--reason", "GitHub shows no run of it"]);
        command.env("DATABASE_URL", &self.database.url).env("TRILOCK_SECRET_KEY", SECRET_KEY);
        // Postgres may be away, or the run just have ended: the next look tells.
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        output.is_ok_and(|output| output.is_ok_and(|output| output.status.success()))
    }
}

/// Does any run of this build go on, by GitHub's own account?
fn is_alive(record: &Record, build: &str, tag: Option<&str>) -> bool {
    record.runs.iter().filter(|run| run.completed_at.is_none()).any(|run| {
        run.inputs.get("trilock_build").is_some_and(|id| id == build)
            || run.inputs.get("tag").map(String::as_str) == tag
    })
}

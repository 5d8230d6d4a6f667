//! The App, its installations, and the calls about them.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    api::{Answer, Call},
    auth::Token,
    world::{Refusal, World, iso},
};

/// The App on one account.
pub(super) struct Installation {
    pub id: u64,
    pub account: String,
    pub created_at: DateTime<Utc>,
    /// GitHub does not note when a suspension ended.
    pub updated_at: DateTime<Utc>,
    pub suspended_at: Option<DateTime<Utc>>,
    pub permissions: Map<String, Value>,
}

impl World {
    /// `/app/…`, except its webhook deliveries.
    pub(super) fn app_route(&mut self, call: &Call, rest: &[&str]) -> Result<Answer, Refusal> {
        match (call.method.as_str(), rest) {
            ("GET", []) => Ok(Answer::ok(json!({
                "id": self.options.app_id,
                "slug": self.options.app_slug,
                "name": self.options.app_slug,
                "html_url": format!("{}/apps/{}", self.base_url, self.options.app_slug),
                "permissions": app_permissions(),
                "events": ["issues", "issue_comment", "push", "workflow_job", "workflow_run"],
                "installations_count": self.installations.len(),
            }))),
            ("GET", ["installations"]) => {
                let all = self.installations.values().map(|i| self.installation_json(i)).collect();
                Ok(self.page(call, all, None))
            }
            ("GET", ["installations", id]) => Ok(Answer::ok(self.installation_json(self.installation(id)?))),
            ("POST", ["installations", id, "access_tokens"]) => {
                let id = self.installation(id)?.id;
                self.refuse_suspended(id)?;
                self.new_token(id, &call.body)
            }
            ("GET" | "POST", ["hook", "deliveries", rest @ ..]) => self.delivery_route(call, rest),
            _ => Err(Refusal::new(501, "not simulated")),
        }
    }

    fn installation(&self, id: &str) -> Result<&Installation, Refusal> {
        id.parse().ok().and_then(|id: u64| self.installations.get(&id)).ok_or_else(Refusal::not_found)
    }

    pub(super) fn installation_json(&self, installation: &Installation) -> Value {
        json!({
            "id": installation.id,
            "app_id": self.options.app_id,
            "app_slug": self.options.app_slug,
            "account": self.user_json(&installation.account),
            "target_type": "User",
            "repository_selection": "selected",
            "permissions": installation.permissions,
            "events": ["issues", "issue_comment", "push", "workflow_job", "workflow_run"],
            "created_at": iso(installation.created_at),
            "updated_at": iso(installation.updated_at),
            "suspended_at": installation.suspended_at.map(iso),
        })
    }

    /// `/installation/…`
    pub(super) fn installation_route(
        &mut self,
        call: &Call,
        token: &Token,
        rest: &[&str],
    ) -> Result<Answer, Refusal> {
        match (call.method.as_str(), rest) {
            ("GET", ["repositories"]) => {
                let listed = |id| token.repositories.as_ref().is_none_or(|ids| ids.contains(&id));
                let shown =
                    self.repos.values().filter(|r| r.installation == token.installation && listed(r.id));
                let all = shown.map(|r| self.repo_json(r)).collect();
                Ok(self.page(call, all, Some("repositories")))
            }
            ("DELETE", ["token"]) => {
                let used = call.header("authorization").and_then(|h| h.split_once(' ')).unwrap_or_default().1;
                self.tokens.remove(used);
                Ok(Answer::empty(204))
            }
            _ => Err(Refusal::new(501, "not simulated")),
        }
    }
}

/// What the App may do, as its manifest asks for.
pub(super) fn app_permissions() -> Map<String, Value> {
    let granted = [
        ("actions", "write"),
        ("checks", "write"),
        ("contents", "read"),
        ("issues", "write"),
        ("metadata", "read"),
    ];
    granted.map(|(area, level)| (area.to_owned(), json!(level))).into_iter().collect()
}

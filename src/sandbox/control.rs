//! The control API as JSON over HTTP: `POST /_sandbox/<command>` with the arguments as one object. The commands are
//! the methods of [`World`]; see there for what they do.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    api::Answer,
    faults::{ApiFault, HookFault},
    progress::AutoRuns,
    repos::Role,
    world::{Refusal, World},
};

// One command per line.
#[rustfmt::skip]
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Command {
    AddUser { login: String },
    AddRepo { repo: String, #[serde(default)] private: bool },
    SetRole { repo: String, login: String, role: Role },
    PutFile { repo: String, path: String, text: String },
    SetRef { repo: String, name: String },
    ForcePush { repo: String, branch: String },
    MoveOnDispatch { repo: String, branch: String },
    OpenIssue { repo: String, login: String, title: String, #[serde(default)] body: String, #[serde(default)] labels: Vec<String>, #[serde(default)] request: bool },
    OpenPullRequest { repo: String, login: String, title: String, #[serde(default)] body: String },
    EditIssue { repo: String, issue: u64, login: String, title: Option<String>, body: Option<String> },
    LabelIssue { repo: String, issue: u64, login: String, label: String },
    UnlabelIssue { repo: String, issue: u64, login: String, label: String },
    CloseIssue { repo: String, issue: u64, login: String },
    ReopenIssue { repo: String, issue: u64, login: String },
    SetLocked { repo: String, issue: u64, login: String, locked: bool },
    DeleteIssue { repo: String, issue: u64, login: String },
    TransferIssue { repo: String, issue: u64, login: String, to: String },
    Suspend { account: String },
    Unsuspend { account: String },
    Uninstall { account: String },
    InstallApp { account: String },
    RemoveRepo { repo: String },
    AddBackRepo { repo: String },
    SetPermission { account: String, area: String, level: Option<String> },
    RenameRepo { repo: String, name: String },
    TransferRepo { repo: String, to: String },
    SetArchived { repo: String, archived: bool },
    SetPrivate { repo: String, private: bool },
    DeleteRepo { repo: String },
    SetDefaultBranch { repo: String, branch: String },
    DeleteRef { repo: String, name: String },
    DeleteFile { repo: String, path: String },
    SetWorkflowEnabled { repo: String, workflow: String, enabled: bool },
    Comment { repo: String, issue: u64, login: String, body: String, #[serde(default)] request: bool },
    EditComment { repo: String, comment: u64, login: String, body: String },
    DeleteComment { repo: String, comment: u64, login: String },
    StartRunByHand { repo: String, workflow: String, login: String, #[serde(default)] inputs: Value },
    Rerun { run: u64, login: String },
    StartRun { run: u64 },
    FinishRun { run: u64, conclusion: String, job: Option<String>, #[serde(default)] step: String },
    CancelRun { run: u64, #[serde(default)] forced: bool },
    SetAuto { auto: Option<AutoRuns> },
    SetWebhookUrl { url: Option<String> },
    SetWebhookUrls { urls: Vec<String> },
    Redeliver { guid: String },
    ResendLast { n: usize, #[serde(default)] own_ids: bool },
    DeliverRaw { event: String, payload: Value },
    FaultApi { fault: ApiFault },
    FaultHook { fault: HookFault },
    ClearFaults,
    SetListLag { ms: u64 },
    Advance { ms: u64 },
    Runs { repo: String },
    Comments { repo: String, issue: u64 },
    Checks { repo: String },
    IssueReactions { repo: String, issue: u64 },
    IssueLabels { repo: String, issue: u64 },
    IsOpen { repo: String, issue: u64 },
    Deliveries,
    Unheard,
    FaultCounts,
    IsSettled,
    Record,
    Violations,
    Checked,
    PrivateKey,
}

impl Shared {
    /// Does a command; `settled` is the one that waits.
    pub(super) async fn perform(
        self: &Arc<Self>,
        command: &str,
        mut arguments: Value,
    ) -> Result<Answer, Refusal> {
        if command == "settled" {
            self.settled().await;
            return Ok(Answer::ok(json!({ "ok": true })));
        }
        if arguments.is_null() {
            arguments = json!({});
        }
        let Some(object) = arguments.as_object_mut() else {
            return Err(Refusal::new(400, "the arguments are one object"));
        };
        object.insert("do".to_owned(), json!(command));
        let command =
            serde_json::from_value(arguments).map_err(|e| Refusal::new(400, format!("{command}: {e}")))?;
        self.world().perform(command).map(Answer::ok)
    }
}

impl World {
    fn perform(&mut self, command: Command) -> Result<Value, Refusal> {
        use Command as C;
        Ok(match command {
            C::AddUser { login } => json!({ "id": self.add_user(&login) }),
            C::AddRepo { repo, private } => json!({ "id": self.add_repo(&repo, private)? }),
            C::SetRole { repo, login, role } => self.set_role(&repo, &login, role).map(done)?,
            C::PutFile { repo, path, text } => self.put_file(&repo, &path, &text).map(done)?,
            C::SetRef { repo, name } => json!({ "sha": self.set_ref(&repo, &name)? }),
            C::ForcePush { repo, branch } => json!({ "sha": self.force_push(&repo, &branch)? }),
            C::MoveOnDispatch { repo, branch } => self.move_on_dispatch(&repo, &branch).map(done)?,
            C::OpenIssue { repo, login, title, body, labels, request } => {
                let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
                let issue = self.open_issue(&repo, &login, &title, &body, &labels)?;
                if request {
                    self.ask(&repo, issue, None)?;
                }
                json!({ "issue": issue })
            }
            C::OpenPullRequest { repo, login, title, body } => {
                json!({ "issue": self.open_pull_request(&repo, &login, &title, &body)? })
            }
            C::EditIssue { repo, issue, login, title, body } => {
                self.edit_issue(&repo, issue, &login, title.as_deref(), body.as_deref()).map(done)?
            }
            C::LabelIssue { repo, issue, login, label } => {
                self.label_issue(&repo, issue, &login, &label).map(done)?
            }
            C::UnlabelIssue { repo, issue, login, label } => {
                self.unlabel_issue(&repo, issue, &login, &label).map(done)?
            }
            C::CloseIssue { repo, issue, login } => self.set_open(&repo, issue, &login, false).map(done)?,
            C::ReopenIssue { repo, issue, login } => self.set_open(&repo, issue, &login, true).map(done)?,
            C::SetLocked { repo, issue, login, locked } => {
                self.set_locked(&repo, issue, &login, locked).map(done)?
            }
            C::DeleteIssue { repo, issue, login } => self.delete_issue(&repo, issue, &login).map(done)?,
            C::TransferIssue { repo, issue, login, to } => {
                json!({ "issue": self.transfer_issue(&repo, issue, &login, &to)? })
            }
            C::Suspend { account } => self.suspend(&account).map(done)?,
            C::Unsuspend { account } => self.unsuspend(&account).map(done)?,
            C::Uninstall { account } => self.uninstall(&account).map(done)?,
            C::InstallApp { account } => json!({ "id": self.install_app(&account)? }),
            C::RemoveRepo { repo } => self.remove_repo(&repo).map(done)?,
            C::AddBackRepo { repo } => self.add_back_repo(&repo).map(done)?,
            C::SetPermission { account, area, level } => {
                self.set_permission(&account, &area, level.as_deref()).map(done)?
            }
            C::RenameRepo { repo, name } => self.rename_repo(&repo, &name).map(done)?,
            C::TransferRepo { repo, to } => json!({ "repo": self.transfer_repo(&repo, &to)? }),
            C::SetArchived { repo, archived } => self.set_archived(&repo, archived).map(done)?,
            C::SetPrivate { repo, private } => self.set_private(&repo, private).map(done)?,
            C::DeleteRepo { repo } => self.delete_repo(&repo).map(done)?,
            C::SetDefaultBranch { repo, branch } => self.set_default_branch(&repo, &branch).map(done)?,
            C::DeleteRef { repo, name } => self.delete_ref(&repo, &name).map(done)?,
            C::DeleteFile { repo, path } => self.delete_file(&repo, &path).map(done)?,
            C::SetWorkflowEnabled { repo, workflow, enabled } => {
                self.set_workflow_enabled(&repo, &workflow, enabled).map(done)?
            }
            C::Comment { repo, issue, login, body, request } => {
                let comment = self.comment(&repo, issue, &login, &body)?;
                if request {
                    self.ask(&repo, issue, Some(comment))?;
                }
                json!({ "comment": comment })
            }
            C::EditComment { repo, comment, login, body } => {
                self.edit_comment(&repo, comment, &login, &body).map(done)?
            }
            C::DeleteComment { repo, comment, login } => {
                self.delete_comment(&repo, comment, &login).map(done)?
            }
            C::StartRunByHand { repo, workflow, login, inputs } => {
                json!({ "run": self.start_run_by_hand(&repo, &workflow, &login, &inputs)? })
            }
            C::Rerun { run, login } => json!({ "attempt": self.rerun(run, &login)? }),
            C::StartRun { run } => self.start_run(run).map(done)?,
            C::FinishRun { run, conclusion, job, step } => {
                self.finish_run(run, &conclusion, job.as_deref().map(|job| (job, step.as_str()))).map(done)?
            }
            C::CancelRun { run, forced } => self.cancel_run(run, forced).map(done)?,
            C::SetAuto { auto } => {
                self.set_auto(auto);
                ok()
            }
            C::SetWebhookUrl { url } => {
                self.set_webhook_url(url);
                ok()
            }
            C::SetWebhookUrls { urls } => {
                self.set_webhook_urls(urls);
                ok()
            }
            C::Redeliver { guid } => self.redeliver(&guid).map(done)?,
            C::ResendLast { n, own_ids } => {
                self.resend_last(n, own_ids);
                ok()
            }
            C::DeliverRaw { event, payload } => json!({ "guid": self.deliver_raw(&event, &payload) }),
            C::FaultApi { fault } => self.fault_api(fault).map(done)?,
            C::FaultHook { fault } => {
                self.fault_hook(fault);
                ok()
            }
            C::ClearFaults => {
                self.clear_faults();
                ok()
            }
            C::SetListLag { ms } => {
                self.options.list_lag = Duration::from_millis(ms);
                ok()
            }
            C::Advance { ms } => {
                self.options.clock.advance(Duration::from_millis(ms));
                ok()
            }
            C::Runs { repo } => json!(self.runs(&repo)),
            C::Comments { repo, issue } => json!(self.comments(&repo, issue)),
            C::Checks { repo } => json!(self.checks(&repo)),
            C::IssueReactions { repo, issue } => json!(self.issue_reactions(&repo, issue)),
            C::IssueLabels { repo, issue } => json!(self.issue_labels(&repo, issue)),
            C::IsOpen { repo, issue } => json!(self.is_open(&repo, issue)),
            C::Deliveries => json!(self.deliveries()),
            C::Unheard => json!(self.unheard()),
            C::FaultCounts => json!(self.fault_counts()),
            C::IsSettled => json!(self.is_settled()),
            C::Record => json!(self.record()),
            C::Violations => json!(self.violations()),
            C::Checked => json!(self.checked()),
            C::PrivateKey => json!(self.key.pem),
        })
    }
}

/// The answer of a command that has nothing to tell.
fn ok() -> Value {
    json!({ "ok": true })
}

fn done((): ()) -> Value {
    ok()
}

//! What an event asks for, line by line, by the repository's policy.

use crate::{
    policy::{Catalogue, Policy, terms},
    queue::{CommentEvent, Event, IssueEvent, Mistake, Person, Role, Step},
    request::{
        Asked, Command, CommandError, CommandLine, Request, counts, from_body_commands, from_command,
        from_issue, shown_line,
    },
    store::Repository,
};

pub(super) fn of(repository: &Repository, event: &Event) -> Vec<Step> {
    let mut steps = match event {
        Event::Issue(event) => of_issue(repository, event),
        Event::Comment(event) => of_comment(repository, event),
        _ => Vec::new(),
    };
    if let Some(catalogue) = &repository.catalogue {
        for request in steps.iter_mut().filter_map(request) {
            request.terms = terms(catalogue, &request.build_type);
        }
    }
    steps
}

/// Whoever asks.
pub(super) fn author(event: &Event) -> Option<&Person> {
    match event {
        Event::Issue(event) => Some(&event.author),
        Event::Comment(event) => Some(&event.author),
        _ => None,
    }
}

/// The valid request that a step makes.
pub(super) fn request(step: &mut Step) -> Option<&mut Request> {
    match step {
        Step::Ask { asked: Asked::Valid(request), .. } => Some(request),
        _ => None,
    }
}

/// What everybody may who can read is not asked of GitHub, unless the policy wants more.
pub(super) fn needs_role(step: &Step, repository: &Repository) -> bool {
    let policy = repository.catalogue.as_ref().map(|catalogue| &catalogue.policy);
    let raised = |command: &str| {
        let role = policy.and_then(|policy| policy.permissions.get(command));
        role.is_some_and(|role| *role > Role::Read)
    };
    match step {
        Step::Help => raised("help"),
        Step::Status => raised("status"),
        Step::Queue => raised("queue"),
        Step::Mistake { .. } => false,
        _ => true,
    }
}

/// The form or JSON of an issue that a trigger names; else the commands that stand in its text. A text that was edited can
/// only correct what it asked for before.
fn of_issue(repository: &Repository, event: &IssueEvent) -> Vec<Step> {
    let Some(catalogue) = &repository.catalogue else { return Vec::new() };
    let ask = |corrects: bool| move |asked| Step::Ask { asked, dry_run: false, corrects };
    let written = from_body_commands(catalogue, &event.text);
    // It leaves out the build types that a command in the text asks for.
    let triggered = from_issue(catalogue, &event.text).into_iter().map(ask(false));
    written.into_iter().map(ask(!event.opened)).chain(triggered).collect()
}

fn of_comment(repository: &Repository, event: &CommentEvent) -> Vec<Step> {
    let all = repository.catalogue.as_ref();
    let for_pulls = all.filter(|_| event.pull_request).map(for_pull_requests);
    if event.pull_request && for_pulls.as_ref().is_none_or(|those| those.policy.builds.is_empty()) {
        return Vec::new();
    }
    let catalogue = for_pulls.as_ref().or(all);
    // Of all its builds: a private answer may be meant for any of them.
    let policy = all.map(|catalogue| &catalogue.policy);
    let lines = event.commands.iter().filter(|line| counts(line, policy));
    lines.map(|line| of_line(catalogue, policy, line)).collect()
}

/// As if there were only the builds that may be asked for at pull requests.
fn for_pull_requests(catalogue: &Catalogue) -> Catalogue {
    let mut those = catalogue.clone();
    those.policy.builds.retain(|_, build| build.triggers.pull_request);
    those
}

fn of_line(catalogue: Option<&Catalogue>, policy: Option<&Policy>, line: &CommandLine) -> Step {
    let command = match &line.parsed {
        Ok(command) => command.clone(),
        Err(error) => return mistake(policy, line, error),
    };
    match command {
        Command::Build { build_type, inputs, dry_run } => {
            let asked = match catalogue {
                Some(catalogue) => from_command(catalogue, build_type.as_deref(), &inputs),
                // Without a policy nothing can be checked; the heart refuses it with the reason.
                None => Asked::unread(),
            };
            let asked = if dry_run { asked.dry() } else { asked };
            Step::Ask { asked, dry_run, corrects: false }
        }
        Command::Approve { build_type } => Step::Approve { build_type },
        Command::Reject { reason } => Step::Reject { reason },
        Command::Cancel => Step::Cancel,
        Command::Retry { build_type } => Step::Retry { build_type },
        Command::Status => Step::Status,
        Command::Queue => Step::Queue,
        Command::Unlock { resource, reason } => Step::Unlock { resource, reason },
        Command::Help => Step::Help,
    }
}

/// Where the line may hold something private, nothing of it is quoted.
fn mistake(policy: Option<&Policy>, line: &CommandLine, error: &CommandError) -> Step {
    let text = shown_line(line, policy);
    let mistake = Mistake {
        line: line.line,
        corrected: error.corrected.clone().filter(|_| text.is_some()),
        found: text.as_ref().map(|_| error.found.clone()).filter(|found| !found.is_empty()),
        text: text.unwrap_or_default(),
        why: error.why.clone(),
    };
    Step::Mistake { mistake }
}

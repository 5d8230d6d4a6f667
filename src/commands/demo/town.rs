//! The repository of the demo, and the people in it.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    sandbox::{AutoRuns, Fails, Refusal, Role, World},
    web::DemoPanel,
};

pub(super) const REPO: &str = "acme/rocket";

/// Who approves.
pub(super) const MAINTAINER: &str = "ada";
/// Whose builds must be approved.
pub(super) const STRANGER: &str = "sam";

/// Everybody, with what they may do; the stranger is the last.
pub(super) const PEOPLE: [(&str, Role); 6] = [
    (MAINTAINER, Role::Maintain),
    ("ben", Role::Write),
    ("eve", Role::Write),
    ("lin", Role::Write),
    ("max", Role::Write),
    (STRANGER, Role::Read),
];

/// The answer that makes a build fail in the sandbox.
pub(super) const BROKEN: &str = "v0.0.13";

const POLICY: &str = "version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    triggers: { issue: { labels: [build] } }
    inputs:
      tag: { label: Version tag, pattern: '^v\\d+\\.\\d+', example: v1.4.0 }
      channel: { label: Channel }
    approval: { expires: 10m }
    timeout: 1h
";

const WORKFLOW: &str = "name: Desktop
run-name: Desktop ${{ inputs.tag }} (${{ inputs.trilock_build }})
on:
  workflow_dispatch:
    inputs:
      tag: { required: true, type: string }
      channel: { type: choice, options: [stable, beta], default: stable }
      trilock_build: { type: string }
jobs:
  build:
    name: windows
    runs-on: [self-hosted, gpu]
    steps:
      - name: Compile
        run: make app
      - name: Keep
        uses: actions/upload-artifact@v4
        with: { name: app-windows, path: out }
";

/// Labels are matched to inputs.
const FORM: &str = "name: Ask for a build
description: One build of the desktop app
labels: [build]
body:
  - type: input
    id: tag
    attributes: { label: Version tag }
    validations: { required: true }
  - type: dropdown
    id: channel
    attributes: { label: Channel, options: [stable, beta] }
";

/// Builds take one to three minutes of the demo's time.
pub(super) fn runs() -> AutoRuns {
    AutoRuns {
        queue_delay: Duration::from_secs(4),
        duration: (Duration::from_secs(60), Duration::from_secs(180)),
        durations: BTreeMap::new(),
        fails: Fails::Input { name: "tag".into(), value: BROKEN.into() },
    }
}

/// What the page lets one do as one of the people.
pub(super) fn panel(sandbox_url: &str) -> DemoPanel {
    DemoPanel {
        sandbox_url: sandbox_url.to_owned(),
        people: PEOPLE.map(|(login, _)| login.to_owned()).to_vec(),
        repositories: vec![REPO.to_owned()],
    }
}

pub(super) fn settle(world: &mut World) -> Result<(), Refusal> {
    for (login, _) in PEOPLE {
        world.add_user(login);
    }
    world.add_repo(REPO, false)?;
    for (login, role) in PEOPLE {
        world.set_role(REPO, login, role)?;
    }
    world.put_file(REPO, ".github/workflows/build-desktop.yml", WORKFLOW)?;
    world.put_file(REPO, ".github/ISSUE_TEMPLATE/build.yml", FORM)?;
    world.put_file(REPO, ".github/trilock.yml", POLICY)
}

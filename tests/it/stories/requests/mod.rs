//! What is asked for, in each of its forms.

mod bodies;
mod corrections;
mod issue_forms;

use crate::harness::{Trilock, WORKFLOW_PATH};

const WORKFLOW: &str = "name: Desktop
on:
  workflow_dispatch:
    inputs:
      tag: { required: true, type: string, description: The tag to build }
      channel: { type: choice, options: [stable, beta], default: stable }
      platforms: { type: string }
      signed: { type: boolean, default: false }
      host: { type: string }
      docs: { type: string }
      contact: { type: string }
      parallel: { type: number }
jobs:
  windows:
    runs-on: ubuntu-latest
    steps:
      - name: Compile
        run: make
";

const POLICY: &str = "version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    triggers: { issue: { labels: [build] } }
    inputs:
      tag: { label: Version tag, pattern: '^v\\d+\\.\\d+', example: v1.4.0 }
      channel: { label: Channel }
      host: { label: Host, type: host, example: build.example }
      docs: { label: Documents, type: url, example: 'https://docs.example/v1' }
      contact: { label: Contact, type: email, example: you@mail.example, max_length: 40 }
";

/// With inputs of all types.
async fn all_types() -> Trilock {
    let t = Trilock::start().await;
    t.file(WORKFLOW_PATH, WORKFLOW).await;
    t.policy(POLICY).await;
    t
}

//! The files that most stories use.

pub const REPO: &str = "octo/app";
pub const POLICY_PATH: &str = ".github/trilock.yml";
pub const WORKFLOW_PATH: &str = ".github/workflows/build-desktop.yml";

pub const POLICY: &str = "version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    triggers: { issue: { labels: [build] } }
    inputs:
      tag: { label: Version tag, pattern: '^v\\d+\\.\\d+', example: v1.4.0 }
      channel: { label: Channel }
";

pub const WORKFLOW: &str = "name: Desktop
run-name: Desktop ${{ inputs.tag }}
on:
  workflow_dispatch:
    inputs:
      tag: { required: true, type: string }
      channel: { type: choice, options: [stable, beta], default: stable }
jobs:
  windows:
    runs-on: ubuntu-latest
    steps:
      - name: Compile
        run: make
      - name: Keep
        uses: actions/upload-artifact@v4
        with: { name: app-windows, path: out }
";

/// The same, but its runs show the build's id.
pub const CORRELATING_WORKFLOW: &str = "name: Desktop
run-name: Desktop ${{ inputs.tag }} ${{ inputs.trilock_build }}
on:
  workflow_dispatch:
    inputs:
      tag: { required: true, type: string }
      channel: { type: choice, options: [stable, beta], default: stable }
      trilock_build: { type: string }
jobs:
  windows:
    runs-on: ubuntu-latest
    steps:
      - name: Compile
        run: make
";

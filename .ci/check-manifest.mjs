// The manifest as GitHub would get it: it leads deliveries to our route and asks for no more than it should.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(process.argv[2], "utf8"));
assert.equal(new URL(manifest.hook_attributes.url).pathname, "/webhooks/github");
assert.equal(manifest.public, false);
assert.deepEqual(manifest.default_permissions, {
    actions: "write", checks: "write", contents: "read", issues: "write", metadata: "read",
});
// GitHub refuses a manifest with an event that the permissions do not cover.
const covered = {
    actions: ["workflow_run", "workflow_job"],
    checks: [],
    contents: ["push"],
    issues: ["issues", "issue_comment"],
    metadata: ["repository"],
};
const allowed = Object.keys(manifest.default_permissions).flatMap((permission) => covered[permission]);
assert.deepEqual(manifest.default_events.filter((event) => !allowed.includes(event)), []);

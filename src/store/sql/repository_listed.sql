-- What GitHub's list says of a repository, if we know it otherwise. Another default branch may have another policy.
-- $1 tenant, $2 repository, $3 now, $4 {owner, name, private, default_branch}, $5 audit id, $6 inbox id
WITH before AS (
    SELECT repo_id, owner, name, private, default_branch FROM repository WHERE tenant_id = $1 AND repo_id = $2
       FOR NO KEY UPDATE
), changed AS (
    UPDATE repository r
       SET owner = n.owner, name = n.name, private = n.private, default_branch = n.default_branch
      FROM before b, jsonb_to_record($4::jsonb) AS n (owner text, name text, private boolean, default_branch text)
     WHERE r.tenant_id = $1 AND r.repo_id = $2
       AND (b.owner, b.name, b.private, b.default_branch) <> (n.owner, n.name, n.private, n.default_branch)
    RETURNING r.repo_id, to_jsonb(b) - 'repo_id' AS old, b.default_branch <> r.default_branch AS other_branch
), audited AS (
    INSERT INTO audit (tenant_id, audit_id, at, repo_id, actor, what, before, after, why, source)
    SELECT $1, $5::uuid, $3, repo_id, 'github', 'repository', old::text, $4::jsonb::text, 'recovered a missed event', 'reconcile'
      FROM changed
), lane_row AS (
    INSERT INTO lane (tenant_id, repo_id) SELECT $1, repo_id FROM changed WHERE other_branch
    ON CONFLICT ON CONSTRAINT lane_pk DO NOTHING
), woken AS (
    INSERT INTO inbox (tenant_id, inbox_id, repo_id, source, event, state, received_at, due_at)
    SELECT $1, $6::uuid, repo_id, 'monitor', '{"event": "files_changed"}', 'unprepared', $3, $3 FROM changed WHERE other_branch
)
SELECT count(*) FROM changed

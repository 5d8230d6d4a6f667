-- What the App may do in some of an account's repositories: the column, an audit row and an event that wakes the lane,
-- each only where something changes. Nothing is done for a delivery that was accepted before.
-- $1 tenant, $2 now, $3 source for the audit, $4 delivery or null, $5 the delivery's tenant,
-- $6 the installation's new state {login, state, since} or null, $7 what repositories become, $8 from which they become
-- it, $9 installation or null, $10 repositories [{repo_id, audit_id, inbox_id}], $11 which of them:
-- any; of: those reached through $9; through: all, and from now on through $9; seen: the same if $9 is the newer one
WITH go AS (
    SELECT 1 WHERE NOT EXISTS (SELECT FROM delivery WHERE tenant_id = $5 AND delivery_id = $4)
), installed AS (
    -- A deleted installation never comes back. Deliveries come in any order, and GitHub's unsuspend bears the same time
    -- as the suspend that it ends.
    INSERT INTO installation AS i (tenant_id, installation_id, login, state, since)
    SELECT $1, $9, n.login, n.state, n.since
      FROM go, jsonb_to_record($6::jsonb) AS n (login text, state text, since timestamptz) WHERE $6::jsonb IS NOT NULL
    ON CONFLICT ON CONSTRAINT installation_pk DO UPDATE
       SET login = excluded.login, state = excluded.state, since = excluded.since
     WHERE i.state <> 'deleted' AND CASE excluded.state WHEN 'active' THEN excluded.since >= i.since
                                                        WHEN 'suspended' THEN excluded.since > i.since ELSE true END
    RETURNING state
), before AS (
    SELECT r.repo_id, r.access, r.installation_id, w.audit_id, w.inbox_id,
           CASE WHEN $7::text = 'active' AND $4::text IS NOT NULL
                 AND coalesce((SELECT state FROM installed), i.state) = 'suspended' THEN 'suspended' ELSE $7::text END AS target
      FROM go, jsonb_to_recordset($10::jsonb) AS w (repo_id bigint, audit_id uuid, inbox_id uuid)
      JOIN repository r ON r.tenant_id = $1 AND r.repo_id = w.repo_id
      LEFT JOIN installation i ON i.tenant_id = $1 AND i.installation_id = coalesce($9, r.installation_id)
      LEFT JOIN installation old ON old.tenant_id = $1 AND old.installation_id = r.installation_id
     WHERE CASE $11::text
               WHEN 'of' THEN r.installation_id = $9
               WHEN 'seen' THEN r.installation_id < $9 OR old.state = 'deleted'
               ELSE true END
       AND ($11 NOT IN ('through', 'seen') OR coalesce((SELECT state FROM installed), i.state, 'active') <> 'deleted')
       AND ($11 <> 'of' OR $6::jsonb IS NULL OR coalesce((SELECT state FROM installed), i.state) = $6->>'state')
       FOR NO KEY UPDATE OF r
), changed AS (
    UPDATE repository r
       SET access = CASE WHEN b.access = ANY ($8::text[]) THEN b.target ELSE b.access END, access_since = $2,
           -- Pushes were not heard of meanwhile.
           policy_read_at = CASE WHEN b.target = 'active' THEN NULL ELSE r.policy_read_at END,
           installation_id = CASE WHEN $11 IN ('through', 'seen') THEN $9 ELSE r.installation_id END
      FROM before b
     WHERE r.tenant_id = $1 AND r.repo_id = b.repo_id
       AND (b.access = ANY ($8::text[]) AND b.access <> b.target
            OR $11 IN ('through', 'seen') AND b.installation_id <> $9)
    RETURNING r.repo_id, r.access, r.installation_id, b.access AS old_access, b.installation_id AS old_installation,
              b.audit_id, b.inbox_id
), audited AS (
    INSERT INTO audit (tenant_id, audit_id, at, repo_id, actor, what, before, after, why, source)
    SELECT $1, audit_id, $2, repo_id, 'github',
           CASE WHEN access <> old_access THEN 'access' ELSE 'installation' END,
           CASE WHEN access <> old_access THEN old_access ELSE old_installation::text END,
           CASE WHEN access <> old_access THEN access ELSE installation_id::text END,
           CASE WHEN $3 = 'reconcile' THEN 'recovered a missed event' END, $3
      FROM changed
), lanes AS (
    INSERT INTO lane (tenant_id, repo_id) SELECT $1, repo_id FROM changed ON CONFLICT ON CONSTRAINT lane_pk DO NOTHING
), woken AS (
    INSERT INTO inbox (tenant_id, inbox_id, repo_id, delivery_id, source, event, state, received_at, due_at)
    SELECT $1, inbox_id, repo_id, $4, CASE WHEN $4 IS NULL THEN 'monitor' ELSE 'delivery' END,
           jsonb_build_object('event', 'access', 'access', access), 'ready', $2, $2
      FROM changed WHERE access <> old_access
)
SELECT count(*) FROM changed

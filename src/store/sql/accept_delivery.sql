-- A delivery becomes durable before it is acknowledged. A known id changes nothing: `fresh` is empty then. Says beside
-- it through which installation the repository was reached before; null for a new one.
-- $1 tenant, $2 delivery, $3 repo, $4 event name, $5 now, $6 raw (encrypted) or null, $7 inbox id, $8 issue, $9 comment,
-- $10 event, $11 state, $12 the reaction "seen" as an outbox row or null, $13 what it says of its repository or null,
-- $14 audit id, for a delivery that GitHub was asked to send again, $15 whether the commands are in their short form alone,
-- which are others' where the policy says so, $16 the event sealed, for what people wrote, or null
WITH fresh AS (
    INSERT INTO delivery (tenant_id, delivery_id, repo_id, event, outcome, received_at, raw)
    VALUES ($1, $2, $3, $4, CASE WHEN $10::jsonb IS NULL THEN 'ignored' ELSE 'waiting' END, $5, $6)
    ON CONFLICT ON CONSTRAINT delivery_pk DO NOTHING
    RETURNING 1
), known AS (
    -- Written only when it differs, so that deliveries of one repository do not wait for each other. Which installation
    -- reaches a known repository is not for any delivery to say: it may come late, through one that is gone.
    INSERT INTO repository (tenant_id, repo_id, owner, name, private, default_branch, installation_id, access)
    SELECT $1, $3, n.owner, n.name, n.private, n.default_branch, n.installation_id, n.access
      FROM fresh, jsonb_to_record($13::jsonb)
                    AS n (owner text, name text, private boolean, default_branch text, installation_id bigint, access text)
     WHERE $13::jsonb IS NOT NULL AND NOT EXISTS (
        SELECT FROM repository r
         WHERE r.tenant_id = $1 AND r.repo_id = $3
           AND (r.owner, r.name, r.private, r.default_branch) = (n.owner, n.name, n.private, n.default_branch))
    ON CONFLICT ON CONSTRAINT repository_pk DO UPDATE
       SET owner = excluded.owner, name = excluded.name, private = excluded.private,
           default_branch = excluded.default_branch
), lane_row AS (
    INSERT INTO lane (tenant_id, repo_id)
    SELECT $1, $3 FROM fresh WHERE $10::jsonb IS NOT NULL
    ON CONFLICT ON CONSTRAINT lane_pk DO NOTHING
), seen AS (
    INSERT INTO outbox (tenant_id, effect_id, effect_key, repo_id, effect, created_at, due_at)
    SELECT $1, o.effect_id, o.effect_key, $3, o.effect, $5, $5
      FROM fresh, jsonb_to_record($12::jsonb) AS o (effect_id uuid, effect_key text, effect jsonb)
     WHERE $12::jsonb IS NOT NULL
       AND NOT ($15 AND EXISTS (SELECT FROM repository r WHERE r.tenant_id = $1 AND r.repo_id = $3
                                   AND r.catalogue->'policy'->>'commands' = 'long'))
    ON CONFLICT ON CONSTRAINT outbox_once DO NOTHING
), row AS (
    INSERT INTO inbox (tenant_id, inbox_id, repo_id, delivery_id, source, issue, comment_id, event, state, received_at, due_at)
    -- In the clear only where the policy is known and lets nobody write anything private.
    SELECT $1, $7, $3, $2, 'delivery', $8, $9,
           CASE WHEN $16::jsonb IS NULL OR EXISTS (
                         SELECT FROM repository r WHERE r.tenant_id = $1 AND r.repo_id = $3
                            AND (r.policy_state = 'none' OR r.catalogue IS NOT NULL AND NOT jsonb_path_exists(
                                    r.catalogue, '$.policy.builds.*.inputs.* ? (@.private == true || @.secret == true)')))
                THEN $10::jsonb ELSE $16::jsonb END,
           $11, $5, $5
      FROM fresh WHERE $10::jsonb IS NOT NULL
), arrived AS (
    UPDATE redelivery r SET arrived_at = $5, due_at = NULL
      FROM fresh WHERE r.tenant_id = $1 AND r.delivery_id = $2 AND r.arrived_at IS NULL
    RETURNING r.attempts
), recovered AS (
    INSERT INTO audit (tenant_id, audit_id, at, repo_id, actor, what, before, after, why, source)
    SELECT $1, $14::uuid, $5, coalesce($3, 0), 'github', 'recovered', NULL, $4, 'recovered a missed event', 'delivery ' || $2
      FROM arrived WHERE attempts > 0
    RETURNING 1
)
SELECT (SELECT count(*) FROM fresh) AS fresh, (SELECT count(*) FROM recovered) AS recovered,
       (SELECT installation_id FROM repository WHERE tenant_id = $1 AND repo_id = $3) AS known

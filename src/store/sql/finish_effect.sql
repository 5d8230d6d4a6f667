-- The effect is done: its row goes, and what follows from it comes, in one commit.
-- $1 tenant, $2 effect, $3 repo, $4 now, $5 an event of ours or null, $6 its inbox id, $7 a posted comment or null,
-- $8 the issue whose status comment now changes, or null
WITH done AS (
    DELETE FROM outbox WHERE tenant_id = $1 AND effect_id = $2 RETURNING 1
), event AS (
    INSERT INTO inbox (tenant_id, inbox_id, repo_id, source, event, state, received_at, due_at)
    SELECT $1, $6, $3, 'effect', $5, 'ready', $4, $4 FROM done WHERE $5::jsonb IS NOT NULL
), posted_row AS (
    INSERT INTO posted (tenant_id, repo_id, marker, comment_id, url, at)
    SELECT $1, $3, p.marker, p.comment_id, p.url, $4
      FROM jsonb_to_record($7::jsonb) AS p (marker text, comment_id bigint, url text) WHERE $7::jsonb IS NOT NULL
    ON CONFLICT ON CONSTRAINT posted_pk DO NOTHING
), mirrored AS (
    INSERT INTO mirror AS m (tenant_id, repo_id, target, issue, wanted, due_at)
    SELECT $1, $3, 'status:' || $8::bigint, $8::bigint, 1, $4 FROM done WHERE $8::bigint IS NOT NULL
    ON CONFLICT ON CONSTRAINT mirror_pk DO UPDATE
       SET wanted = m.wanted + 1, due_at = CASE WHEN m.shown = m.wanted THEN $4 ELSE m.due_at END
)
SELECT count(*) FROM done

-- Everything that a turn may need, in one statement later than the one that waited for the locks: a waiting statement
-- still sees the world from before its wait.
-- $1 tenant, $2 repo, $3 queue, $4 how many heads, $5 the events' issues, $6 their runs, $7 their request keys,
-- $8 whether all that await approval are touched
WITH held AS (
    SELECT * FROM lease WHERE tenant_id = $1 AND repo_id = $2
), open AS (
    SELECT * FROM build b
     WHERE tenant_id = $1 AND repo_id = $2
       AND (issue = ANY ($5) OR run_id = ANY ($6) OR status IN ('starting', 'running', 'cancelling'))
    UNION
    (SELECT * FROM build WHERE tenant_id = $1 AND repo_id = $2 AND queue = $3 AND status = 'queued'
      ORDER BY ticket LIMIT $4)
    UNION
    SELECT * FROM build WHERE tenant_id = $1 AND repo_id = $2 AND status = 'awaiting_approval' AND $8
), ended AS (
    (SELECT DISTINCT ON (issue, build_type) * FROM build_history
      WHERE tenant_id = $1 AND repo_id = $2 AND issue = ANY ($5)
      ORDER BY issue, build_type, requested_at DESC, build_id DESC)
    UNION
    SELECT * FROM build_history WHERE tenant_id = $1 AND repo_id = $2 AND run_id = ANY ($6)
    UNION
    SELECT h.* FROM build_history h JOIN held ON held.tenant_id = h.tenant_id AND held.build_id = h.build_id
     WHERE h.tenant_id = $1
)
SELECT jsonb_build_object(
    'now', trilock_now(),
    'policy', (SELECT catalogue->'policy' FROM repository WHERE tenant_id = $1 AND repo_id = $2),
    -- A column of the second migration: a version that runs beside the first one's schema reads what it would say.
    'access', coalesce((SELECT to_jsonb(r)->>'access' FROM repository r WHERE tenant_id = $1 AND repo_id = $2), 'active'),
    'open', coalesce((SELECT jsonb_agg(to_jsonb(open)) FROM open), '[]'),
    'ended', coalesce((SELECT jsonb_agg(to_jsonb(ended)) FROM ended), '[]'),
    'queued', (SELECT count(*) FROM build WHERE tenant_id = $1 AND repo_id = $2 AND queue = $3 AND status = 'queued'),
    'leases', coalesce((SELECT jsonb_agg(to_jsonb(held)) FROM held), '[]'),
    'requests', coalesce((SELECT jsonb_agg(request_key) FROM request
                           WHERE tenant_id = $1 AND repo_id = $2 AND request_key = ANY ($7)), '[]'),
    'cancel_marks', coalesce((SELECT jsonb_agg(to_jsonb(m)) FROM cancel_mark m
                               WHERE tenant_id = $1 AND repo_id = $2 AND issue = ANY ($5)), '[]'),
    'dispatches', coalesce((SELECT jsonb_agg(jsonb_build_object('build_id', o.build_id, 'effect_id', o.effect_id,
                                                                'attempted', o.attempted_at IS NOT NULL))
                              FROM open JOIN outbox o
                                ON o.tenant_id = open.tenant_id AND o.effect_key = $2 || '/dispatch:' || open.build_id), '[]'))

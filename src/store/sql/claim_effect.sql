-- $1 now, $2 until when it is ours, $3 is it for dispatches and cancels (which no other effect may hold up).
-- `attempted_at` is committed here, before the call; what stood there before says whether the call may have been made.
-- A CTE runs once; a subquery that a join runs again would claim another row each time.
WITH next AS MATERIALIZED (
    SELECT tenant_id, effect_id, attempted_at FROM outbox w
     WHERE state = 'pending' AND due_at <= $1
       AND (effect->>'effect' IN ('dispatch', 'cancel')) = $3
       AND NOT EXISTS (SELECT FROM repository r WHERE r.tenant_id = w.tenant_id AND r.repo_id = w.repo_id
                          AND r.access IN ('suspended', 'archived', 'removed'))
     ORDER BY due_at LIMIT 1
       FOR UPDATE OF w SKIP LOCKED
)
UPDATE outbox o
   SET due_at = $2, attempts = o.attempts + 1, attempted_at = coalesce(o.attempted_at, $1)
  FROM next
 WHERE o.tenant_id = next.tenant_id AND o.effect_id = next.effect_id
RETURNING jsonb_build_object('row', to_jsonb(o), 'attempts', o.attempts, 'tried_at', next.attempted_at, 'now', $1::timestamptz,
                             'until', o.due_at)

-- $1 now, $2 until when it is ours. One row, so one tenant.
WITH next AS MATERIALIZED (
    SELECT tenant_id, inbox_id FROM inbox w
     WHERE state = 'unprepared' AND due_at <= $1
       AND NOT EXISTS (SELECT FROM repository r WHERE r.tenant_id = w.tenant_id AND r.repo_id = w.repo_id
                          AND r.access IN ('suspended', 'removed'))
     ORDER BY due_at LIMIT 1
       FOR UPDATE OF w SKIP LOCKED
)
UPDATE inbox i
   SET due_at = $2, attempts = i.attempts + 1
  FROM next
 WHERE i.tenant_id = next.tenant_id AND i.inbox_id = next.inbox_id
RETURNING jsonb_build_object('tenant_id', i.tenant_id, 'repo_id', i.repo_id, 'attempts', i.attempts, 'stored', to_jsonb(i))

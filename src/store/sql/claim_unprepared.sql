-- $1 now, $2 until when it is ours. One row, so one tenant.
WITH next AS MATERIALIZED (
    SELECT tenant_id, inbox_id FROM inbox
     WHERE state = 'unprepared' AND due_at <= $1
     ORDER BY due_at LIMIT 1
       FOR UPDATE SKIP LOCKED
)
UPDATE inbox i
   SET due_at = $2, attempts = i.attempts + 1
  FROM next
 WHERE i.tenant_id = next.tenant_id AND i.inbox_id = next.inbox_id
RETURNING jsonb_build_object('tenant_id', i.tenant_id, 'repo_id', i.repo_id, 'attempts', i.attempts, 'stored', to_jsonb(i))

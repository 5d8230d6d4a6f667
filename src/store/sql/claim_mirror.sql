-- One worker per target at a time: the claim moves the due time past the calls' total time-out.
WITH next AS MATERIALIZED (
    SELECT tenant_id, repo_id, target FROM mirror w
     WHERE shown < wanted AND due_at <= $1
       AND NOT EXISTS (SELECT FROM repository r WHERE r.tenant_id = w.tenant_id AND r.repo_id = w.repo_id
                          AND r.access IN ('suspended', 'archived', 'removed'))
     ORDER BY due_at LIMIT 1
       FOR UPDATE OF w SKIP LOCKED
)
UPDATE mirror m SET due_at = $2, attempts = m.attempts + 1
  FROM next
 WHERE m.tenant_id = next.tenant_id AND m.repo_id = next.repo_id AND m.target = next.target
RETURNING to_jsonb(m)

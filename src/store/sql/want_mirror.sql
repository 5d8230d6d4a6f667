INSERT INTO mirror AS m (tenant_id, repo_id, target, issue, wanted, due_at)
VALUES ($1, $2, 'status:' || $3::bigint, $3::bigint, 1, $4)
ON CONFLICT ON CONSTRAINT mirror_pk DO UPDATE
   SET wanted = m.wanted + 1, due_at = CASE WHEN m.shown = m.wanted THEN $4 ELSE m.due_at END

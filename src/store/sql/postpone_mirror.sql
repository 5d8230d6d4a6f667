UPDATE mirror SET due_at = $4, last_error = $5 WHERE tenant_id = $1 AND repo_id = $2 AND target = $3

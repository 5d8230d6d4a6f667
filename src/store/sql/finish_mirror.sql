-- $4 the version that is now shown; a newer wish makes it due at once
UPDATE mirror SET shown = greatest(shown, $4), comment_id = $5, body = $6, due_at = $7, attempts = 0, last_error = NULL
 WHERE tenant_id = $1 AND repo_id = $2 AND target = $3

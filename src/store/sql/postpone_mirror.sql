-- What GitHub shows is not known any more: the next text is sent whatever it is.
UPDATE mirror SET body = NULL, due_at = $4, last_error = $5 WHERE tenant_id = $1 AND repo_id = $2 AND target = $3

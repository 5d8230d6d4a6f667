-- Its comment was deleted on GitHub: it is made anew.
UPDATE mirror SET comment_id = NULL, body = NULL, due_at = $4 WHERE tenant_id = $1 AND repo_id = $2 AND target = $3

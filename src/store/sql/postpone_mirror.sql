-- What GitHub shows is not known any more: the next text is sent whatever it is. $6: this counts as a failed try,
-- $7 until when it was claimed
UPDATE mirror
   SET body = NULL, due_at = $4, last_error = $5, attempts = CASE WHEN $6 THEN attempts ELSE greatest(attempts - 1, 0) END
 WHERE tenant_id = $1 AND repo_id = $2 AND target = $3 AND due_at = $7

-- $4 the version that is now shown; a newer wish makes it due at once. $8 until when it was claimed: whoever comes after
-- that may have written an older text over a newer one, so it is written once more.
UPDATE mirror
   SET shown = greatest(shown, $4), wanted = CASE WHEN due_at = $8 THEN wanted ELSE wanted + 1 END, comment_id = $5,
       body = CASE WHEN due_at = $8 THEN $6 END, due_at = $7, attempts = 0, last_error = NULL
 WHERE tenant_id = $1 AND repo_id = $2 AND target = $3

-- Put off until people change something on GitHub: however often it is tried, that is nobody's failure.
-- $4: the call surely was not made, so the effect counts as never tried; $6 until when it was claimed
UPDATE outbox SET due_at = $3, attempts = 0, attempted_at = CASE WHEN $4 THEN NULL ELSE attempted_at END, last_error = $5
 WHERE tenant_id = $1 AND effect_id = $2 AND due_at = $6

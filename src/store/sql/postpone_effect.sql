-- $4: the call surely was not made, so the effect counts as never tried
UPDATE outbox SET due_at = $3, attempted_at = CASE WHEN $4 THEN NULL ELSE attempted_at END, state = $5, last_error = $6
 WHERE tenant_id = $1 AND effect_id = $2

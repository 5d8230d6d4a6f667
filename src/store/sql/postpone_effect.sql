-- $4: the call surely was not made, so the effect counts as never tried; $7: this counts as a failed try
UPDATE outbox
   SET due_at = $3, attempted_at = CASE WHEN $4 THEN NULL ELSE attempted_at END, state = $5, last_error = $6,
       attempts = CASE WHEN $7 THEN attempts ELSE greatest(attempts - 1, 0) END
 WHERE tenant_id = $1 AND effect_id = $2

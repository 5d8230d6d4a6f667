-- $4: the call surely was not made, so the effect counts as never tried. $5 the state ('dead': given up, which the audit
-- shows), $7: this counts as a failed try, $8 now, $9 audit id, $10 until when it was claimed: whoever comes after that
-- says nothing of what another worker does meanwhile
WITH row AS (
    UPDATE outbox
       SET due_at = $3, attempted_at = CASE WHEN $4 THEN NULL ELSE attempted_at END, state = $5, last_error = $6,
           attempts = CASE WHEN $7 THEN attempts ELSE greatest(attempts - 1, 0) END
     WHERE tenant_id = $1 AND effect_id = $2 AND due_at = $10
    RETURNING repo_id, build_id, effect->>'effect' AS effect
)
INSERT INTO audit (tenant_id, audit_id, at, repo_id, build_id, actor, what, before, after, why, source)
SELECT $1, $9, $8, repo_id, build_id, 'trilock', 'effect', 'pending', 'dead', effect || ': ' || $6, 'effect'
  FROM row WHERE $5 = 'dead'

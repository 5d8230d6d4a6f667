-- What was set aside is due again, as if it had never failed; an effect still knows that it was tried.
-- $1 tenant, $2 id, $3 now, $4 the event's state from here on (facts are asked anew for an unprepared one), $5 audit id,
-- $6 who
WITH event AS (
    UPDATE inbox SET state = $4, due_at = $3, attempts = 0, facts = CASE WHEN $4 = 'unprepared' THEN NULL ELSE facts END
     WHERE tenant_id = $1 AND inbox_id = $2 AND state = 'dead'
    RETURNING repo_id, delivery_id, event->>'event' AS what, last_error
), delivered AS (
    UPDATE delivery d SET outcome = 'waiting'
      FROM event WHERE d.tenant_id = $1 AND d.delivery_id = event.delivery_id
), effect AS (
    UPDATE outbox SET state = 'pending', due_at = $3, attempts = 0
     WHERE tenant_id = $1 AND effect_id = $2 AND state = 'dead'
    RETURNING repo_id, build_id, effect_key, last_error
), audited AS (
    INSERT INTO audit (tenant_id, audit_id, at, repo_id, build_id, actor, what, before, after, why, source)
    SELECT $1::bigint, $5::uuid, $3::timestamptz, e.repo_id, NULL::uuid, $6::text, 'retry event', 'dead', e.what, e.last_error, 'operator' FROM event e
    UNION ALL
    SELECT $1, $5, $3, e.repo_id, e.build_id, $6, 'retry effect', 'dead', e.effect_key, e.last_error, 'operator' FROM effect e
    RETURNING 1
)
SELECT count(*) FROM audited

-- What was set aside is given up for good. $1 tenant, $2 id, $3 now, $4 why, $5 audit id, $6 who
WITH event AS (
    DELETE FROM inbox WHERE tenant_id = $1 AND inbox_id = $2 AND state = 'dead'
    RETURNING repo_id, event->>'event' AS what
), effect AS (
    DELETE FROM outbox WHERE tenant_id = $1 AND effect_id = $2 AND state = 'dead'
    RETURNING repo_id, build_id, effect_key
), audited AS (
    INSERT INTO audit (tenant_id, audit_id, at, repo_id, build_id, actor, what, before, after, why, source)
    SELECT $1::bigint, $5::uuid, $3::timestamptz, e.repo_id, NULL::uuid, $6::text, 'drop event', e.what, NULL, $4::text, 'operator' FROM event e
    UNION ALL
    SELECT $1, $5, $3, e.repo_id, e.build_id, $6, 'drop effect', e.effect_key, NULL, $4, 'operator' FROM effect e
    RETURNING 1
)
SELECT count(*) FROM audited

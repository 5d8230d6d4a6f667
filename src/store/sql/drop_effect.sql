-- Decided, and now without anybody to do it for. $1 tenant, $2 effect, $3 audit id, $4 now, $5 why
WITH gone AS (
    DELETE FROM outbox WHERE tenant_id = $1 AND effect_id = $2 RETURNING repo_id, build_id, effect_key
)
INSERT INTO audit (tenant_id, audit_id, at, repo_id, build_id, actor, what, before, after, why, source)
SELECT $1, $3, $4, repo_id, build_id, 'trilock', 'effect', effect_key, 'dropped', $5, 'outbox' FROM gone

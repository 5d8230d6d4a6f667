-- Nobody is left to decide about it. $1 tenant, $2 inbox row, $3 audit id, $4 now, $5 why
WITH gone AS (
    DELETE FROM inbox WHERE tenant_id = $1 AND inbox_id = $2 RETURNING repo_id, delivery_id, event, source
), noted AS (
    UPDATE delivery d SET outcome = 'ignored', raw = NULL
      FROM gone WHERE d.tenant_id = $1 AND d.delivery_id = gone.delivery_id
)
INSERT INTO audit (tenant_id, audit_id, at, repo_id, actor, what, before, after, why, source)
SELECT $1, $3, $4, repo_id, 'trilock', 'event', event->>'event', 'ignored', $5,
       coalesce('delivery ' || delivery_id, source) FROM gone

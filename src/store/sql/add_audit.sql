-- What changed outside a turn. $1 tenant, $2 repo, $3 now, $4 the row
INSERT INTO audit (tenant_id, audit_id, at, repo_id, build_id, actor, what, before, after, why, source)
SELECT $1, a.audit_id, $3, $2, a.build_id, a.actor, a.what, a.before, a.after, a.why, a.source
  FROM jsonb_populate_record(NULL::audit, $4) AS a

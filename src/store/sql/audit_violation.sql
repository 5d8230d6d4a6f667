-- A turn wanted to give back or to renew what it does not hold. Read after it was rolled back; nothing of it was written.
-- $1 tenant, $2 repo, $3 now, $4 what was shown: what, audit_id, resource, slot, token, build_id
INSERT INTO audit (tenant_id, audit_id, at, repo_id, build_id, actor, what, before, after, why, source)
SELECT $1, s.audit_id, $3, $2, s.build_id, 'trilock', 'ownership violation',
       CASE WHEN l.token IS NULL THEN 'free' ELSE format('held with token %s by build %s', l.token, l.build_id) END, 'refused',
       format('%s of %s[%s] token %s', s.what, substr(s.resource, strpos(s.resource, '/') + 1), s.slot, s.token), 'queue'
  FROM jsonb_to_recordset($4) AS s (what text, audit_id uuid, resource text, slot integer, token bigint, build_id uuid)
  LEFT JOIN lease l ON l.tenant_id = $1 AND l.resource = s.resource AND l.slot = s.slot
 WHERE (l.token, l.build_id) IS DISTINCT FROM (s.token, s.build_id)

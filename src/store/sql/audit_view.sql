-- $1 tenant and $2 repo, or null for all; $3 build or null; $4 since; $5 how many. The newest first; a batch has one time,
-- and counts its ids up.
SELECT jsonb_build_object('repository', r.owner || '/' || r.name) || to_jsonb(a)
  FROM audit a LEFT JOIN repository r ON r.tenant_id = a.tenant_id AND r.repo_id = a.repo_id
 WHERE ($1::bigint IS NULL OR (a.tenant_id = $1 AND a.repo_id = $2))
   AND ($3::uuid IS NULL OR a.build_id = $3)
   AND ($4::timestamptz IS NULL OR a.at >= $4)
 ORDER BY a.at DESC, a.audit_id DESC LIMIT $5

-- A transferred repository under its owner of now. $1 former owner, $2 repository
SELECT to_jsonb(r) FROM repository r
 WHERE r.repo_id = $2 AND r.tenant_id <> $1 AND r.access NOT IN ('transferred', 'deleted')
 ORDER BY r.access_since DESC NULLS LAST LIMIT 1

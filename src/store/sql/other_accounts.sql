-- Accounts beside $2 under which one of these repositories ($1) is still open.
SELECT repo_id, tenant_id FROM repository
 WHERE repo_id = ANY($1) AND tenant_id <> $2 AND access NOT IN ('deleted', 'transferred')

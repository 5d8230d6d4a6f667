-- Finding work may read across tenants; claiming may not.
SELECT DISTINCT tenant_id, repo_id FROM inbox WHERE state = 'ready' AND due_at <= $1

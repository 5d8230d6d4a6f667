SELECT to_jsonb(r) FROM repository r WHERE tenant_id = $1 AND repo_id = $2

SELECT repo_id FROM repository WHERE tenant_id = $1 AND installation_id = $2

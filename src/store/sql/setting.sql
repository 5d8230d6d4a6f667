SELECT value FROM setting WHERE tenant_id = 0 AND name = $1

UPDATE delivery SET raw = NULL WHERE tenant_id = $1 AND delivery_id = $2

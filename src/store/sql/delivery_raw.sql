SELECT tenant_id, event, raw FROM delivery WHERE delivery_id = $1 AND raw IS NOT NULL

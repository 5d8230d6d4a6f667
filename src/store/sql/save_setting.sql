INSERT INTO setting (tenant_id, name, value) VALUES (0, $1, $2)
ON CONFLICT ON CONSTRAINT setting_pk DO UPDATE SET value = excluded.value

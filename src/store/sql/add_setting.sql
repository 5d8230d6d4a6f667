-- The first one wins; says which it was.
WITH new AS (
    INSERT INTO setting (tenant_id, name, value) VALUES (0, $1, $2)
    ON CONFLICT ON CONSTRAINT setting_pk DO NOTHING RETURNING value
)
SELECT value FROM new UNION ALL SELECT value FROM setting WHERE tenant_id = 0 AND name = $1 LIMIT 1

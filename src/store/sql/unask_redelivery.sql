-- A claimed attempt that was none. What has arrived meanwhile stays so. $1 tenant, $2 delivery, $3 when to ask
UPDATE redelivery SET attempts = attempts - 1, due_at = $3
 WHERE tenant_id = $1 AND delivery_id = $2 AND due_at IS NOT NULL

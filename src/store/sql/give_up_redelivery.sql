-- What has arrived meanwhile stays so. $1 tenant, $2 delivery
UPDATE redelivery SET due_at = NULL WHERE tenant_id = $1 AND delivery_id = $2 AND due_at IS NOT NULL

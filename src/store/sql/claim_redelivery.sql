-- One of any number of servers asks, and none does again before $4. $1 tenant, $2 delivery, $3 now
UPDATE redelivery SET attempts = attempts + 1, asked_at = $3, due_at = $4
 WHERE tenant_id = $1 AND delivery_id = $2 AND due_at <= $3

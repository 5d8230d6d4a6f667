-- Deliveries of one tenant that GitHub is to send again, from now on. What is known, be it given up, stays as it is.
-- $1 tenant, $2 now, $3 the deliveries
WITH new AS (
    INSERT INTO redelivery (tenant_id, delivery_id, hook_id, event, delivered_at, found_at, due_at)
    SELECT $1, m.delivery_id, m.hook_id, m.event, m.delivered_at, $2, $2
      FROM jsonb_to_recordset($3::jsonb) AS m (delivery_id text, hook_id bigint, event text, delivered_at timestamptz)
     WHERE NOT EXISTS (SELECT FROM delivery d WHERE d.tenant_id = $1 AND d.delivery_id = m.delivery_id)
    ON CONFLICT ON CONSTRAINT redelivery_pk DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM new

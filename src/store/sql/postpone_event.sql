-- $3 the state from here on ('dead' sets it aside, visible), $4 when it is due again
WITH row AS (
    UPDATE inbox SET state = $3, due_at = $4, attempts = $5, last_error = $6
     WHERE tenant_id = $1 AND inbox_id = $2
    RETURNING delivery_id
)
UPDATE delivery d SET outcome = 'dead'
  FROM row WHERE $3 = 'dead' AND d.tenant_id = $1 AND d.delivery_id = row.delivery_id

-- Puts an event off, or sets it aside as dead, which its delivery and the audit show. $7 now, $8 audit id
WITH row AS (
    UPDATE inbox SET state = $3, due_at = $4, attempts = $5, last_error = $6
     WHERE tenant_id = $1 AND inbox_id = $2
    RETURNING repo_id, delivery_id, source, event->>'event' AS event
), audited AS (
    INSERT INTO audit (tenant_id, audit_id, at, repo_id, actor, what, before, after, why, source)
    SELECT $1, $8, $7, repo_id, 'trilock', 'event', 'waiting', 'dead', event || ': ' || $6, coalesce('delivery ' || delivery_id, source)
      FROM row WHERE $3 = 'dead'
)
UPDATE delivery d SET outcome = 'dead'
  FROM row WHERE $3 = 'dead' AND d.tenant_id = $1 AND d.delivery_id = row.delivery_id

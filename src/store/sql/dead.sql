-- What was set aside and waits for a person, oldest first.
SELECT to_jsonb(d) || jsonb_build_object('repository', r.owner || '/' || r.name)
  FROM (SELECT tenant_id, repo_id, 'event' AS kind, inbox_id AS id, event->>'event' AS what, issue, received_at AS since,
               attempts, last_error AS error, delivery_id, event
          FROM inbox WHERE state = 'dead'
         UNION ALL
        SELECT tenant_id, repo_id, 'effect', effect_id, effect->>'effect', (effect->>'issue')::bigint, created_at,
               attempts, last_error, NULL, NULL
          FROM outbox WHERE state = 'dead') AS d
  LEFT JOIN repository r ON r.tenant_id = d.tenant_id AND r.repo_id = d.repo_id
 ORDER BY d.since, d.id

-- What was set aside and waits for a person.
SELECT jsonb_build_object('kind', 'event', 'id', inbox_id, 'repo_id', repo_id, 'error', last_error, 'what', event->>'event')
  FROM inbox WHERE state = 'dead'
UNION ALL
SELECT jsonb_build_object('kind', 'effect', 'id', effect_id, 'repo_id', repo_id, 'error', last_error, 'what', effect->>'effect')
  FROM outbox WHERE state = 'dead'

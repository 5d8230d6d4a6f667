-- The oldest $4 that are due in a lane, and what stands beside them in their own issues: without facts yet, or put off,
-- it holds back later commands there. However much else waits for facts, what is due is found.
WITH due AS (
    SELECT inbox_id, issue FROM inbox
     WHERE tenant_id = $1 AND repo_id = $2 AND state = 'ready' AND due_at <= $3
     ORDER BY received_at, inbox_id LIMIT $4
)
SELECT jsonb_build_object('state', state, 'due', due_at <= $3, 'attempts', attempts, 'stored', to_jsonb(i))
  FROM inbox i
 WHERE tenant_id = $1 AND repo_id = $2
   AND (inbox_id IN (SELECT inbox_id FROM due)
        OR (issue IN (SELECT issue FROM due) AND (state = 'unprepared' OR (state = 'ready' AND due_at > $3))))
 ORDER BY received_at, inbox_id

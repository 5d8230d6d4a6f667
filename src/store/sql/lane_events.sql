-- All that waits in a lane, oldest first; what has no facts yet too, since it holds back later commands of its issue.
SELECT jsonb_build_object('state', state, 'due', due_at <= $3, 'attempts', attempts, 'stored', to_jsonb(i))
  FROM inbox i
 WHERE tenant_id = $1 AND repo_id = $2 AND state IN ('ready', 'unprepared')
 ORDER BY received_at, inbox_id
 LIMIT $4

-- Class 0: never waited for. A holder that falls silent for $3 is ended, which frees the lane.
SELECT set_config('idle_in_transaction_session_timeout', $3, true) IS NOT NULL
  FROM lane WHERE tenant_id = $1 AND repo_id = $2 FOR UPDATE SKIP LOCKED

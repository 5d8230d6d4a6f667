-- After a lock time-out: which of the plan's advisory keys are held, and by whom.
SELECT k.id, p.pid, coalesce(a.application_name, '?') AS application,
       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, 0) AS seconds
  FROM pg_locks p
  JOIN unnest($1::bigint[]) AS k (id)
    ON p.classid::bigint = (k.id >> 32) & 4294967295 AND p.objid::bigint = k.id & 4294967295
  LEFT JOIN pg_stat_activity a ON a.pid = p.pid
 WHERE p.locktype = 'advisory' AND p.granted AND p.objsubid = 1
   AND p.database = (SELECT oid FROM pg_database WHERE datname = current_database())
 ORDER BY a.xact_start LIMIT 1

-- After a lock time-out: which of the plan's locks is held, and by whom: its advisory key, or else its row, whose xmax
-- is then the holder's transaction. The oldest holder is the likeliest. $1 tenant, $2 classes, $3 keys, $4 advisory ids
SELECT k.class, p.pid, coalesce(a.application_name, '?') AS application,
       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, 0) AS seconds
  FROM unnest($2::smallint[], $3::text[], $4::bigint[]) AS k (class, key, id)
  LEFT JOIN lock l ON l.tenant_id = $1 AND l.class = k.class AND l.key = k.key
  JOIN pg_locks p
    ON p.granted
   AND ((p.locktype = 'advisory' AND p.objsubid = 1
         AND p.classid::bigint = (k.id >> 32) & 4294967295 AND p.objid::bigint = k.id & 4294967295
         AND p.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        OR (p.locktype = 'transactionid' AND p.transactionid = l.xmax))
  LEFT JOIN pg_stat_activity a ON a.pid = p.pid
 ORDER BY a.xact_start, k.id LIMIT 1

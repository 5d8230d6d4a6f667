-- Held locks whose run GitHub has not been asked about for a while, and holders whose time is up.
SELECT jsonb_build_object('build', to_jsonb(b),
                          'ask', b.run_id IS NOT NULL AND min(l.heartbeat_at) <= $1,
                          'overdue', b.starting_at + make_interval(secs => b.timeout_seconds) <= $2
                                     OR b.stopping_at + make_interval(mins => 5) <= $2)
  FROM lease l JOIN build b ON b.tenant_id = l.tenant_id AND b.build_id = l.build_id
 GROUP BY b.*

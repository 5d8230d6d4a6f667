-- Holders: has GitHub been asked about the run since $1? Is the time up at $2?
SELECT jsonb_build_object(
    'build', to_jsonb(b),
    'ask', b.run_id IS NOT NULL AND (SELECT min(l.heartbeat_at) FROM lease l
                                      WHERE l.tenant_id = b.tenant_id AND l.build_id = b.build_id) <= $1,
    'overdue', coalesce((b.status <> 'cancelling' AND b.starting_at + make_interval(secs => b.timeout_seconds) <= $2)
                        OR (b.run_id IS NOT NULL AND b.forced_at IS NULL AND b.stopping_at + interval '5 minutes' <= $2)
                        OR (b.starting_at + make_interval(secs => b.timeout_seconds) <= $2
                            AND EXISTS (SELECT FROM lease l WHERE l.tenant_id = b.tenant_id
                                           AND l.build_id = b.build_id AND l.state = 'held')), false))
  FROM build b
 WHERE b.status IN ('starting', 'running', 'cancelling')

-- Holders: has GitHub been asked about the run since $1? Is the time up at $2? Is there no run, nor anybody left who
-- looks for it?
SELECT jsonb_build_object(
    'build', to_jsonb(b),
    -- A run outside the lock has no lease, so nothing says when it was asked about.
    'ask', b.run_id IS NOT NULL AND coalesce((SELECT min(l.heartbeat_at) FROM lease l
                                               WHERE l.tenant_id = b.tenant_id AND l.build_id = b.build_id) <= $1, true),
    'answered_at', (SELECT min(l.heartbeat_at) FROM lease l WHERE l.tenant_id = b.tenant_id AND l.build_id = b.build_id),
    'unanswered', b.run_id IS NULL AND b.starting_at <= $2::timestamptz - interval '5 minutes'
                  AND NOT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = b.tenant_id
                                     AND o.effect_key = b.repo_id || '/dispatch:' || b.build_id AND o.state = 'pending')
                  AND NOT EXISTS (SELECT FROM inbox i WHERE i.tenant_id = b.tenant_id AND i.repo_id = b.repo_id
                                     AND i.state <> 'dead' AND i.event->>'event' = 'dispatched'
                                     AND i.event->>'build' = b.build_id::text),
    'overdue', coalesce((b.status <> 'cancelling' AND b.trigger <> 'manual' AND b.starting_at + make_interval(secs => b.timeout_seconds) <= $2)
                        OR (b.run_id IS NOT NULL AND b.forced_at IS NULL AND b.stopping_at + interval '5 minutes' <= $2)
                        OR (b.starting_at + make_interval(secs => b.timeout_seconds) <= $2
                            AND EXISTS (SELECT FROM lease l WHERE l.tenant_id = b.tenant_id
                                           AND l.build_id = b.build_id AND l.state = 'held')), false))
  FROM build b
 WHERE b.status IN ('starting', 'running', 'cancelling')
   -- Nobody can be asked, so nobody's time is up.
   AND NOT EXISTS (SELECT FROM repository r WHERE r.tenant_id = b.tenant_id AND r.repo_id = b.repo_id
                      AND r.access IN ('suspended', 'removed', 'deleted'))

-- When the next thing of its kind is due: what a worker sleeps until. $1 is one of unprepared, ready, outbox, mirror,
-- redelivery.
-- What waits until the App may act in its repository again is not due, as in the claims.
SELECT CASE $1
    WHEN 'outbox' THEN (
        SELECT due_at FROM outbox w WHERE state = 'pending'
           AND NOT EXISTS (SELECT FROM repository r WHERE r.tenant_id = w.tenant_id AND r.repo_id = w.repo_id
                              AND r.access IN ('suspended', 'archived', 'removed'))
         ORDER BY due_at LIMIT 1)
    WHEN 'mirror' THEN (
        SELECT due_at FROM mirror w WHERE shown < wanted
           AND NOT EXISTS (SELECT FROM repository r WHERE r.tenant_id = w.tenant_id AND r.repo_id = w.repo_id
                              AND r.access IN ('suspended', 'archived', 'removed'))
         ORDER BY due_at LIMIT 1)
    WHEN 'unprepared' THEN (
        SELECT due_at FROM inbox w WHERE state = 'unprepared'
           AND NOT EXISTS (SELECT FROM repository r WHERE r.tenant_id = w.tenant_id AND r.repo_id = w.repo_id
                              AND r.access IN ('suspended', 'removed'))
         ORDER BY due_at LIMIT 1)
    WHEN 'redelivery' THEN (SELECT min(due_at) FROM redelivery WHERE due_at IS NOT NULL)
    ELSE (SELECT min(due_at) FROM inbox WHERE state = 'ready')
END

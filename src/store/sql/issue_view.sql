-- What the status comment of an issue shows: per build type the open build, else the last one that ended.
SELECT jsonb_build_object(
    'now', trilock_now(),
    'open', coalesce((SELECT jsonb_agg(to_jsonb(b) ORDER BY b.build_type) FROM build b
                       WHERE b.tenant_id = $1 AND b.repo_id = $2 AND b.issue = $3), '[]'),
    'ended', coalesce((SELECT jsonb_agg(to_jsonb(h)) FROM (
        SELECT DISTINCT ON (build_type) * FROM build_history
         WHERE tenant_id = $1 AND repo_id = $2 AND issue = $3
         ORDER BY build_type, requested_at DESC, build_id DESC) AS h), '[]'),
    'before', coalesce((SELECT jsonb_object_agg(b.build_id,
                          (SELECT count(*) FROM build o
                            WHERE o.tenant_id = $1 AND o.repo_id = $2 AND o.queue = b.queue
                              AND (o.status IN ('starting', 'running', 'cancelling')
                                   OR (o.status = 'queued' AND o.ticket < b.ticket))))
                          FROM build b
                         WHERE b.tenant_id = $1 AND b.repo_id = $2 AND b.issue = $3 AND b.status = 'queued'), '{}'),
    -- Is it next, and does a run go on that somebody started by hand and that has no lease?
    'outside', coalesce((SELECT jsonb_agg(b.build_id) FROM build b
                          WHERE b.tenant_id = $1 AND b.repo_id = $2 AND b.issue = $3 AND b.status = 'queued'
                            AND NOT EXISTS (SELECT FROM build o
                                             WHERE o.tenant_id = $1 AND o.repo_id = $2 AND o.queue = b.queue
                                               AND o.status = 'queued' AND o.ticket < b.ticket)
                            AND EXISTS (SELECT FROM build m
                                         WHERE m.tenant_id = $1 AND m.repo_id = $2 AND m.trigger = 'manual'
                                           AND m.status IN ('starting', 'running', 'cancelling')
                                           AND NOT EXISTS (SELECT FROM lease l
                                                            WHERE l.tenant_id = $1 AND l.build_id = m.build_id))), '[]'),
    'outcomes', coalesce((SELECT jsonb_object_agg(marker, url) FROM posted
                           WHERE tenant_id = $1 AND repo_id = $2 AND url <> '' AND marker IN (
                               SELECT 'outcome:' || build_id FROM build_history
                                WHERE tenant_id = $1 AND repo_id = $2 AND issue = $3)), '{}'))

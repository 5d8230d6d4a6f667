-- The page of one repository: what runs and waits, and the last ten that ended.
SELECT jsonb_build_object(
    'now', trilock_now(),
    'open', coalesce((SELECT jsonb_agg(to_jsonb(b) ORDER BY b.ticket) FROM build b
                       WHERE b.tenant_id = $1 AND b.repo_id = $2), '[]'),
    'ended', coalesce((SELECT jsonb_agg(to_jsonb(h) ORDER BY h.ended_at DESC) FROM (
        SELECT * FROM build_history WHERE tenant_id = $1 AND repo_id = $2 ORDER BY ended_at DESC LIMIT 10) AS h), '[]'))

-- The live page: of each repository what runs and waits, the last ten builds that ended, their locks and leases.
-- $1, $2: tenants and repositories, in pairs; $3: the queue's name
SELECT jsonb_build_object(
    'tenant_id', r.tenant_id, 'repo_id', r.repo_id, 'now', trilock_now(),
    'open', o.builds, 'ended', e.builds, 'locks', k.locks, 'leases', g.leases)
  FROM unnest($1::bigint[], $2::bigint[]) AS want (tenant_id, repo_id)
  JOIN repository r ON r.tenant_id = want.tenant_id AND r.repo_id = want.repo_id
 CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(to_jsonb(b)), '[]') AS builds FROM build b
     WHERE b.tenant_id = r.tenant_id AND b.repo_id = r.repo_id) AS o
 CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(to_jsonb(h) ORDER BY h.ended_at DESC), '[]') AS builds FROM (
        SELECT * FROM build_history WHERE tenant_id = r.tenant_id AND repo_id = r.repo_id
         ORDER BY ended_at DESC LIMIT 10) AS h) AS e
 CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.class, l.taken_at DESC NULLS LAST), '[]') AS locks FROM (
        SELECT 1::smallint AS class, b->>'asker' AS name FROM jsonb_array_elements(o.builds || e.builds) AS b
        UNION VALUES (2::smallint, $3::text), (3::smallint, 'queue/' || $3::text)
        UNION SELECT 3::smallint, jsonb_array_elements_text(b->'resources') FROM jsonb_array_elements(o.builds) AS b
        UNION SELECT 3::smallint, jsonb_object_keys(r.catalogue->'policy'->'named_resources')
    ) AS named
      JOIN lock l ON l.tenant_id = r.tenant_id AND l.class = named.class AND l.key = r.repo_id || '/' || named.name) AS k
 CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'lease', to_jsonb(l), 'repository', r.owner || '/' || r.name,
               'issue', coalesce(b.issue, h.issue), 'build_type', coalesce(b.build_type, h.build_type),
               'status', coalesce(b.status, h.status), 'run_url', coalesce(b.run_url, h.run_url))
               ORDER BY l.resource, l.slot), '[]') AS leases
      FROM lease l
      LEFT JOIN build b ON b.tenant_id = l.tenant_id AND b.build_id = l.build_id
      LEFT JOIN build_history h ON h.tenant_id = l.tenant_id AND h.build_id = l.build_id
     WHERE l.tenant_id = r.tenant_id AND l.repo_id = r.repo_id) AS g

-- Without locks: who holds slots, the first $4 of the queue, the named resources, and if $6 all that await approval. Only
-- a plan is made from it.
SELECT jsonb_build_object(
    'named', coalesce((SELECT jsonb_agg(resource) FROM repository r, jsonb_object_keys(r.catalogue->'policy'->'named_resources') AS k (resource)
                        WHERE r.tenant_id = $1 AND r.repo_id = $2), '[]'),
    'builds', coalesce((SELECT jsonb_agg(jsonb_build_array(build_id, asker, resources)) FROM (
        SELECT b.build_id, b.asker, b.resources FROM build b
         WHERE b.tenant_id = $1 AND b.repo_id = $2 AND b.status IN ('starting', 'running', 'cancelling')
        UNION
        SELECT h.build_id, h.asker, h.resources FROM lease l
          JOIN build_history h ON h.tenant_id = l.tenant_id AND h.build_id = l.build_id
         WHERE l.tenant_id = $1 AND l.repo_id = $2
        UNION
        (SELECT b.build_id, b.asker, b.resources FROM build b
          WHERE b.tenant_id = $1 AND b.repo_id = $2 AND b.queue = $3 AND b.status = 'queued'
          ORDER BY b.ticket LIMIT $4)
        UNION
        SELECT b.build_id, b.asker, b.resources FROM build b
         WHERE b.tenant_id = $1 AND b.repo_id = $2 AND b.issue = ANY ($5)
        UNION
        SELECT b.build_id, b.asker, b.resources FROM build b
         WHERE b.tenant_id = $1 AND b.repo_id = $2 AND b.status = 'awaiting_approval' AND $6) AS touched), '[]'))

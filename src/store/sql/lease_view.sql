-- Who holds which slot.
SELECT jsonb_build_object('lease', to_jsonb(l), 'repository', r.owner || '/' || r.name,
                          'issue', coalesce(b.issue, h.issue), 'build_type', coalesce(b.build_type, h.build_type),
                          'status', coalesce(b.status, h.status), 'run_url', coalesce(b.run_url, h.run_url))
  FROM lease l
  LEFT JOIN repository r ON r.tenant_id = l.tenant_id AND r.repo_id = l.repo_id
  LEFT JOIN build b ON b.tenant_id = l.tenant_id AND b.build_id = l.build_id
  LEFT JOIN build_history h ON h.tenant_id = l.tenant_id AND h.build_id = l.build_id
 WHERE ($1::bigint IS NULL OR l.tenant_id = $1) AND ($2::bigint IS NULL OR l.repo_id = $2)
 ORDER BY l.resource, l.slot

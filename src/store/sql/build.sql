SELECT to_jsonb(b) FROM build b WHERE tenant_id = $1 AND build_id = $2
UNION ALL
SELECT to_jsonb(h) FROM build_history h WHERE tenant_id = $1 AND build_id = $2

-- The locks as they were last taken. $1 tenant or null, $2 repository or null, $3 how many
SELECT to_jsonb(l) FROM lock l
 WHERE ($1::bigint IS NULL OR l.tenant_id = $1) AND ($2::text IS NULL OR l.key LIKE $2::text || '/%')
 ORDER BY l.taken_at DESC NULLS LAST LIMIT $3

-- Private answers that are not under the newest key. $1 its fingerprint, $2 how many at most
SELECT tenant_id, build_id, sealed FROM build WHERE sealed IS NOT NULL AND split_part(sealed, ':', 1) <> $1
UNION ALL
SELECT tenant_id, build_id, sealed FROM build_history WHERE sealed IS NOT NULL AND split_part(sealed, ':', 1) <> $1
LIMIT $2

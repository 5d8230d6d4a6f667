-- Which of $1 were not applied.
SELECT coalesce(array_agg(needed.version), '{}') FROM unnest($1::bigint[]) AS needed (version)
 WHERE NOT EXISTS (SELECT FROM _sqlx_migrations m WHERE m.version = needed.version AND m.success)

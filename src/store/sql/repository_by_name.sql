-- A name that was given up (deleted, transferred) may belong to another repository now.
SELECT to_jsonb(r) FROM repository r WHERE lower(owner) = lower($1) AND lower(name) = lower($2)
 ORDER BY r.access IN ('deleted', 'transferred'), r.access IN ('removed'), r.repo_id DESC LIMIT 1

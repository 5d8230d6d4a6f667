-- The same answers under another key, where they still stand. $1 tenant, $2 build, $3 as they were, $4 as they are now
WITH open AS (UPDATE build SET sealed = $4 WHERE tenant_id = $1 AND build_id = $2 AND sealed = $3)
UPDATE build_history SET sealed = $4 WHERE tenant_id = $1 AND build_id = $2 AND sealed = $3

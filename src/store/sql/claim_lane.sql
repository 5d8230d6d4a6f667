-- Class 0: never waited for.
SELECT true FROM lane WHERE tenant_id = $1 AND repo_id = $2 FOR UPDATE SKIP LOCKED

-- A broken policy leaves the last good catalogue in force.
-- $1 tenant, $2 repo, $3 state, $4 catalogue, $5 errors, $6 read at, $7 audit id, $8 why, $9 source
WITH old AS (
    SELECT policy_state, catalogue FROM repository WHERE tenant_id = $1 AND repo_id = $2 FOR NO KEY UPDATE
), saved AS (
    UPDATE repository
       SET policy_state = $3, catalogue = CASE WHEN $3 = 'broken' THEN catalogue ELSE $4 END, policy_errors = $5, policy_read_at = $6
     WHERE tenant_id = $1 AND repo_id = $2
       -- A slow reader does not bring an older state back.
       AND (policy_read_at IS NULL OR policy_read_at <= $6)
    RETURNING 1
)
INSERT INTO audit (tenant_id, audit_id, at, repo_id, actor, what, before, after, why, source)
SELECT $1, $7, $6, $2, 'trilock', 'policy', old.policy_state, $3, $8, $9
  FROM old, saved
 WHERE old.policy_state <> $3 OR ($3 = 'good' AND old.catalogue IS DISTINCT FROM $4)

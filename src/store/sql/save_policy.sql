-- A broken policy leaves the last good catalogue in force.
UPDATE repository
   SET policy_state = $3, catalogue = CASE WHEN $3 = 'broken' THEN catalogue ELSE $4 END, policy_errors = $5, policy_read_at = $6
 WHERE tenant_id = $1 AND repo_id = $2
   -- A slow reader does not bring an older state back.
   AND (policy_read_at IS NULL OR policy_read_at <= $6)

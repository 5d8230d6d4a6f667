-- Accounts that owned this repository and still hold slots for runs in it. $1 repository, $2 its owner now
SELECT r.tenant_id FROM repository r
 WHERE r.repo_id = $1 AND r.tenant_id <> $2 AND r.access = 'transferred'
   AND EXISTS (SELECT FROM lease l WHERE l.tenant_id = r.tenant_id AND l.repo_id = r.repo_id)

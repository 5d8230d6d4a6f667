-- Accounts that are still taken for this repository's owner. $1 repository, $2 its owner now
SELECT tenant_id FROM repository
 WHERE repo_id = $1 AND tenant_id <> $2 AND access NOT IN ('transferred', 'deleted')

-- Of a repository that an installation listed and nobody looked at. $1 tenant, $2 repository, $3 default branch, $4 private
UPDATE repository SET default_branch = $3, private = $4
 WHERE tenant_id = $1 AND repo_id = $2 AND policy_state = 'unread'

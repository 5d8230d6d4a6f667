-- The branches and tags of an issue's builds whose approval is bound to a commit. $1 tenant, $2 repo, $3 issue
SELECT git_ref FROM build
 WHERE tenant_id = $1 AND repo_id = $2 AND issue = $3 AND approval->>'pin' = 'commit'
UNION
SELECT git_ref FROM build_history
 WHERE tenant_id = $1 AND repo_id = $2 AND issue = $3 AND approval->>'pin' = 'commit'

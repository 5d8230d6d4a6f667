-- Which of these runs belong to a build already.
SELECT run_id FROM build WHERE tenant_id = $1 AND repo_id = $2 AND run_id = ANY ($3)
UNION
SELECT run_id FROM build_history WHERE tenant_id = $1 AND repo_id = $2 AND run_id = ANY ($3)

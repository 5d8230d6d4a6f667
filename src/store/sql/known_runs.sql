-- Which of these runs were made by a build already. What they became when somebody ran them again is another matter.
SELECT run_id FROM build WHERE tenant_id = $1 AND repo_id = $2 AND run_id = ANY ($3) AND coalesce(run_attempt, 1) = 1
UNION
SELECT run_id FROM build_history WHERE tenant_id = $1 AND repo_id = $2 AND run_id = ANY ($3) AND coalesce(run_attempt, 1) = 1

-- Does another build of this workflow hold slots without a known run?
SELECT EXISTS (SELECT FROM build
                WHERE tenant_id = $1 AND repo_id = $2 AND workflow = $3 AND build_id <> $4
                  AND status IN ('starting', 'running', 'cancelling') AND run_id IS NULL)

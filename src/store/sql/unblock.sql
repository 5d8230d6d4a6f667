-- What stood in the way is gone: calls that were put off for long are due now. A nearer due time is a claim or an
-- ordinary back-off, and stands. $1 tenant, $2 installation or null, $3 repository or null, $4 issue or null, $5 now,
-- $6 until when a claim of now would last
WITH repos AS (
    SELECT repo_id FROM repository WHERE tenant_id = $1 AND installation_id = $2
    UNION SELECT $3::bigint WHERE $3::bigint IS NOT NULL
), effects AS (
    UPDATE outbox o SET due_at = $5 FROM repos
     WHERE o.tenant_id = $1 AND o.repo_id = repos.repo_id AND o.state = 'pending' AND o.due_at > $6
       AND ($4::bigint IS NULL OR (o.effect->>'issue')::bigint = $4)
), mirrors AS (
    UPDATE mirror m SET due_at = $5 FROM repos
     WHERE m.tenant_id = $1 AND m.repo_id = repos.repo_id AND m.shown < m.wanted AND m.due_at > $6
       AND ($4::bigint IS NULL OR m.issue = $4)
)
SELECT count(*) FROM repos

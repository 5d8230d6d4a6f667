-- An event of our own: an effect's answer, what the monitor saw, what an operator typed. Needs no facts.
WITH lane_row AS (
    INSERT INTO lane (tenant_id, repo_id) VALUES ($1, $3) ON CONFLICT ON CONSTRAINT lane_pk DO NOTHING
)
INSERT INTO inbox (tenant_id, inbox_id, repo_id, source, event, state, received_at, due_at)
VALUES ($1, $2, $3, $4, $5, 'ready', $6, $6)

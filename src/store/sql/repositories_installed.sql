-- Repositories that an installation's delivery lists: those that are new are noted, and each one's files are to be read.
-- Nothing is done for a delivery that was accepted before, nor for an installation that is gone; after a crash between
-- the two what still waits is not added again. Gives the new ones.
-- $1 tenant, $2 now, $3 delivery, $4 installation, $5 repositories [{repo_id, owner, name, private, default_branch,
-- inbox_id}], $6 the event
WITH listed AS (
    SELECT w.* FROM jsonb_to_recordset($5::jsonb)
                 AS w (repo_id bigint, owner text, name text, private boolean, default_branch text, inbox_id uuid)
     WHERE NOT EXISTS (SELECT FROM delivery WHERE tenant_id = $1 AND delivery_id = $3)
       AND NOT EXISTS (SELECT FROM installation WHERE tenant_id = $1 AND installation_id = $4 AND state = 'deleted')
), added AS (
    INSERT INTO repository (tenant_id, repo_id, owner, name, private, default_branch, installation_id, access)
    SELECT $1, repo_id, owner, name, private, default_branch, $4,
           coalesce((SELECT state FROM installation WHERE tenant_id = $1 AND installation_id = $4), 'active')
      FROM listed ORDER BY repo_id
    ON CONFLICT ON CONSTRAINT repository_pk DO NOTHING
    RETURNING repo_id
), lanes AS (
    INSERT INTO lane (tenant_id, repo_id) SELECT $1, repo_id FROM listed ORDER BY repo_id
    ON CONFLICT ON CONSTRAINT lane_pk DO NOTHING
), waiting AS (
    INSERT INTO inbox (tenant_id, inbox_id, repo_id, delivery_id, source, event, state, received_at, due_at)
    SELECT $1, inbox_id, repo_id, $3, 'delivery', $6::jsonb, 'unprepared', $2, $2 FROM listed l
     WHERE NOT EXISTS (SELECT FROM inbox i WHERE i.tenant_id = $1 AND i.repo_id = l.repo_id AND i.delivery_id = $3
                          AND i.state <> 'dead' AND i.event->>'event' = $6::jsonb->>'event')
)
SELECT repo_id FROM added

-- A turn's changes and effects, in one statement. Each guarded step counts the rows that it touched; the caller
-- compares. What must come after a delete in the same table reads its count, which makes Postgres do it first.
-- $1 tenant, $2 repo, $3 now, $4 the changes
WITH gone AS (
    DELETE FROM build b USING jsonb_to_recordset($4::jsonb->'ended') AS e (build_id uuid, version bigint)
     WHERE b.tenant_id = $1 AND b.build_id = e.build_id AND b.version = e.version - 1
    RETURNING 1
), archived AS (
    INSERT INTO build_history SELECT * FROM jsonb_populate_recordset(NULL::build_history, $4->'ended')
), changed AS (
    UPDATE build b
       SET version = c.version, status = c.status, priority = c.priority, ticket = c.ticket, queued_at = c.queued_at,
           starting_at = c.starting_at, running_at = c.running_at, stopping_at = c.stopping_at, forced_at = c.forced_at,
           run_id = c.run_id, run_attempt = c.run_attempt, run_phase = c.run_phase, run_url = c.run_url,
           head_sha = c.head_sha, ending = c.ending, approval = c.approval
      FROM jsonb_populate_recordset(NULL::build, $4->'builds') AS c
     WHERE c.version > 1 AND b.tenant_id = $1 AND b.build_id = c.build_id AND b.version = c.version - 1
    RETURNING 1
), added AS (
    INSERT INTO build
    SELECT * FROM jsonb_populate_recordset(NULL::build, $4->'builds') AS c
     WHERE c.version = 1 AND (SELECT count(*) FROM gone) >= 0
), released AS (
    -- Owner and token are compared: nobody else's lease is ever touched.
    DELETE FROM lease l
     USING jsonb_to_recordset($4->'released') AS r (resource text, slot integer, token bigint, build_id uuid, outcome text)
     WHERE l.tenant_id = $1 AND l.resource = r.resource AND l.slot = r.slot AND l.token = r.token AND l.build_id = r.build_id
    RETURNING l.*, r.outcome
), released_log AS (
    INSERT INTO lease_history (tenant_id, resource, slot, token, repo_id, build_id, kind, granted_at, released_at, outcome)
    SELECT tenant_id, resource, slot, token, repo_id, build_id, kind, granted_at, $3, outcome FROM released
), granted AS (
    INSERT INTO lease
    SELECT * FROM jsonb_populate_recordset(NULL::lease, $4->'granted') WHERE (SELECT count(*) FROM released) >= 0
), renewed AS (
    UPDATE lease l SET state = n.state, heartbeat_at = n.heartbeat_at
      FROM jsonb_populate_recordset(NULL::lease, $4->'renewed') AS n
     WHERE l.tenant_id = $1 AND l.resource = n.resource AND l.slot = n.slot AND l.token = n.token
    RETURNING 1
), counted AS (
    UPDATE lock l SET counter = c.counter
      FROM jsonb_to_recordset($4->'counters') AS c (class smallint, key text, counter bigint)
     WHERE l.tenant_id = $1 AND l.class = c.class AND l.key = c.key
    RETURNING 1
), withdrawn AS (
    DELETE FROM outbox o USING jsonb_to_recordset($4->'withdrawn') AS w (effect_id uuid)
     WHERE o.tenant_id = $1 AND o.effect_id = w.effect_id AND o.attempted_at IS NULL
    RETURNING 1
), effects AS (
    INSERT INTO outbox (tenant_id, effect_id, effect_key, repo_id, build_id, effect, created_at, due_at)
    SELECT $1, e.effect_id, e.effect_key, $2, e.build_id, e.effect, $3, $3
      FROM jsonb_to_recordset($4->'effects') AS e (effect_id uuid, effect_key text, build_id uuid, effect jsonb)
    ON CONFLICT ON CONSTRAINT outbox_once DO NOTHING
), mirrors AS (
    INSERT INTO mirror AS m (tenant_id, repo_id, target, issue, wanted, due_at)
    SELECT $1, $2, 'status:' || w.issue, w.issue::bigint, 1, $3 FROM jsonb_array_elements_text($4->'mirrors') AS w (issue)
    -- A due time in the future is a claim or a back-off, and stands.
    ON CONFLICT ON CONSTRAINT mirror_pk DO UPDATE
       SET wanted = m.wanted + 1, due_at = CASE WHEN m.shown = m.wanted THEN $3 ELSE m.due_at END
), requests AS (
    INSERT INTO request (tenant_id, repo_id, request_key, asked_at)
    SELECT $1, $2, r.key, $3 FROM jsonb_array_elements_text($4->'requests') AS r (key)
), marks AS (
    INSERT INTO cancel_mark (tenant_id, repo_id, issue, comment_id, author_id, for_all, at)
    SELECT $1, $2, m.issue, m.comment_id, m.author_id, m.for_all, m.at
      FROM jsonb_to_recordset($4->'cancel_marks')
        AS m (issue bigint, comment_id bigint, author_id bigint, for_all boolean, at timestamptz)
    ON CONFLICT ON CONSTRAINT cancel_mark_pk DO NOTHING
), audited AS (
    INSERT INTO audit (tenant_id, audit_id, at, repo_id, build_id, actor, what, before, after, why, source)
    SELECT $1, a.audit_id, $3, $2, a.build_id, a.actor, a.what, a.before, a.after, a.why, a.source
      FROM jsonb_populate_recordset(NULL::audit, $4->'audit') AS a
), applied AS (
    DELETE FROM inbox i USING jsonb_to_recordset($4->'applied') AS a (inbox_id uuid)
     WHERE i.tenant_id = $1 AND i.inbox_id = a.inbox_id
    RETURNING i.delivery_id, i.inbox_id
), delivered AS (
    -- Payloads are kept for replay only where there is a policy.
    UPDATE delivery d
       SET outcome = a.outcome,
           raw = CASE WHEN (SELECT r.policy_state IN ('good', 'broken') FROM repository r
                             WHERE r.tenant_id = $1 AND r.repo_id = $2) THEN d.raw END
      FROM applied JOIN jsonb_to_recordset($4->'applied') AS a (inbox_id uuid, outcome text) USING (inbox_id)
     WHERE d.tenant_id = $1 AND d.delivery_id = applied.delivery_id
), parked AS (
    -- What this same turn unparks stays ready: this statement would not see it as parked.
    UPDATE inbox i SET state = 'parked' FROM jsonb_array_elements_text($4->'parked') AS p (inbox_id)
     WHERE i.tenant_id = $1 AND i.inbox_id = p.inbox_id::uuid AND NOT ($4->>'unpark')::boolean
), unparked AS (
    UPDATE inbox SET state = 'ready', due_at = $3
     WHERE tenant_id = $1 AND repo_id = $2 AND state = 'parked' AND ($4->>'unpark')::boolean
), look AS (
    INSERT INTO inbox (tenant_id, inbox_id, repo_id, source, event, state, received_at, due_at)
    SELECT $1, ($4->>'look_id')::uuid, $2, 'effect', '{"event": "look"}', 'ready', $3, $3
     WHERE $4->>'look_id' IS NOT NULL
)
SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM changed) AS changed,
       (SELECT count(*) FROM released) AS released, (SELECT count(*) FROM renewed) AS renewed,
       (SELECT count(*) FROM counted) AS counted, (SELECT count(*) FROM withdrawn) AS withdrawn

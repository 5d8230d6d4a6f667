-- What the App may do in a repository, and what GitHub still owes us. New columns have defaults, so that the version
-- before this one goes on beside it.

-- active: all is well. suspended, archived, removed: nothing is started there until it is active again, and nothing is
-- forgotten. deleted, transferred: for ever; what was open under this owner has been closed.
ALTER TABLE repository
    ADD COLUMN access text NOT NULL DEFAULT 'active',
    ADD COLUMN access_since timestamptz,
    ADD CONSTRAINT repository_access
        CHECK (access IN ('active', 'suspended', 'archived', 'removed', 'deleted', 'transferred'));

-- By its id alone: a transferred repository is found again under its old owner.
CREATE INDEX repository_by_id ON repository (repo_id);
CREATE INDEX repository_of_installation ON repository (tenant_id, installation_id);

-- An account's installation of the App. A reinstallation has another id; the queue is the account's.
CREATE TABLE installation (
    tenant_id       bigint NOT NULL,
    installation_id bigint NOT NULL,
    login           text   NOT NULL,
    state           text   NOT NULL,
    since           timestamptz NOT NULL,
    CONSTRAINT installation_pk PRIMARY KEY (tenant_id, installation_id),
    CONSTRAINT installation_state CHECK (state IN ('active', 'suspended', 'deleted'))
);

-- Deliveries that GitHub lists and we do not have. Each is asked for again until it arrives; the tenant is 0 where nobody
-- knows whose it is.
CREATE TABLE redelivery (
    tenant_id    bigint  NOT NULL,
    delivery_id  text    NOT NULL,
    -- GitHub's number of the attempt that it is asked to repeat.
    hook_id      bigint  NOT NULL,
    event        text    NOT NULL,
    delivered_at timestamptz NOT NULL,
    found_at     timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    asked_at     timestamptz,
    -- When to ask (again). Null: it has arrived, or was given up.
    due_at       timestamptz,
    arrived_at   timestamptz,
    CONSTRAINT redelivery_pk PRIMARY KEY (tenant_id, delivery_id)
);
CREATE INDEX redelivery_due ON redelivery (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX redelivery_by_age ON redelivery (found_at);

CREATE INDEX audit_of_build ON audit (tenant_id, build_id, at) WHERE build_id IS NOT NULL;
CREATE INDEX audit_by_age ON audit (at);

-- As take_locks, which the version before this one goes on to call; says of each lock how long it was waited for, too.
CREATE FUNCTION take_plan(tenant bigint, classes smallint[], keys text[], ids bigint[], waits text[],
                          who text, hold text, advisory boolean)
RETURNS TABLE (class smallint, key text, version bigint, counter bigint, waited float8) LANGUAGE plpgsql AS $$
DECLARE
    want record;
    began timestamptz;
BEGIN
    -- One at a time, since inserting waits too: for whoever inserted the same row and has not committed.
    FOR want IN SELECT w.* FROM unnest(classes, keys, ids, waits) AS w (class, key, id, wait)
                 WHERE NOT EXISTS (SELECT FROM lock l WHERE l.tenant_id = tenant AND l.class = w.class AND l.key = w.key)
                 ORDER BY w.id, w.key LOOP
        PERFORM set_config('lock_timeout', want.wait, true);
        INSERT INTO lock (tenant_id, class, key, id) VALUES (tenant, want.class, want.key, want.id)
        ON CONFLICT ON CONSTRAINT lock_pk DO NOTHING;
    END LOOP;

    FOR want IN SELECT w.* FROM unnest(classes, keys, ids, waits) AS w (class, key, id, wait) ORDER BY w.id, w.key LOOP
        -- Of the wall, whatever clock is stored: it measures Postgres.
        began := clock_timestamp();
        PERFORM set_config('lock_timeout', want.wait, true);
        IF advisory THEN
            PERFORM pg_advisory_xact_lock(want.id);
        END IF;
        -- NO KEY: a plain FOR UPDATE would block, and so deadlock with, whoever inserts a row that refers here.
        PERFORM 1 FROM lock l WHERE l.tenant_id = tenant AND l.class = want.class AND l.key = want.key
            FOR NO KEY UPDATE;
        RETURN QUERY UPDATE lock l SET version = l.version + 1, holder = who, taken_at = trilock_now()
            WHERE l.tenant_id = tenant AND l.class = want.class AND l.key = want.key
            RETURNING l.class, l.key, l.version, l.counter,
                      extract(epoch FROM clock_timestamp() - began)::float8;
    END LOOP;
    -- From here on a holder that hangs is ended.
    PERFORM set_config('statement_timeout', hold, true), set_config('idle_in_transaction_session_timeout', hold, true);
END
$$;

-- The rules of docs/architecture.md: every table carries tenant_id and every key begins with it, ids are UUIDv7 made
-- by the caller, no order comes from a sequence or an id, time is bound by the caller, constraints have names.

CREATE TABLE setting (
    tenant_id bigint NOT NULL,
    name      text   NOT NULL,
    value     jsonb  NOT NULL,
    CONSTRAINT setting_pk PRIMARY KEY (tenant_id, name)
);

-- The only "now". `serve` stores no clock, so this is the server's own; tests and the demo store an anchor and a rate.
CREATE FUNCTION trilock_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(
        (SELECT (value->>'shown')::timestamptz
                + (clock_timestamp() - (value->>'real')::timestamptz) * (value->>'rate')::float8
           FROM setting WHERE tenant_id = 0 AND name = 'clock'),
        clock_timestamp())
$$;

CREATE TABLE repository (
    tenant_id       bigint  NOT NULL,
    repo_id         bigint  NOT NULL,
    owner           text    NOT NULL,
    name            text    NOT NULL,
    private         boolean NOT NULL,
    default_branch  text    NOT NULL,
    installation_id bigint  NOT NULL,
    -- unread: not looked at yet; broken: the last good catalogue, if any, stays in force
    policy_state    text    NOT NULL DEFAULT 'unread',
    catalogue       jsonb,
    policy_errors   jsonb,
    policy_read_at  timestamptz,
    CONSTRAINT repository_pk PRIMARY KEY (tenant_id, repo_id),
    CONSTRAINT repository_policy_state CHECK (policy_state IN ('unread', 'none', 'good', 'broken')),
    CONSTRAINT repository_good_has_catalogue CHECK (policy_state <> 'good' OR catalogue IS NOT NULL)
);
CREATE INDEX repository_by_name ON repository (lower(owner), lower(name));

-- What was read through the contents API, for If-None-Match.
CREATE TABLE repository_file (
    tenant_id bigint NOT NULL,
    repo_id   bigint NOT NULL,
    path      text   NOT NULL,
    etag      text   NOT NULL,
    content   text   NOT NULL,
    CONSTRAINT repository_file_pk PRIMARY KEY (tenant_id, repo_id, path),
    CONSTRAINT repository_file_of FOREIGN KEY (tenant_id, repo_id) REFERENCES repository ON DELETE CASCADE
);

-- Every delivery that was acknowledged, for dedupe and replay. `raw` is encrypted.
CREATE TABLE delivery (
    tenant_id   bigint NOT NULL,
    delivery_id text   NOT NULL,
    repo_id     bigint,
    event       text   NOT NULL,
    outcome     text   NOT NULL,
    received_at timestamptz NOT NULL,
    raw         bytea,
    CONSTRAINT delivery_pk PRIMARY KEY (tenant_id, delivery_id),
    CONSTRAINT delivery_outcome CHECK (outcome IN ('waiting', 'applied', 'ignored', 'dead'))
);
CREATE INDEX delivery_by_age ON delivery (received_at);

-- Everything that waits to be applied: deliveries, answers of our own effects, what the monitor saw, what an operator
-- typed. A row goes when it is applied.
CREATE TABLE inbox (
    tenant_id   bigint   NOT NULL,
    inbox_id    uuid     NOT NULL,
    repo_id     bigint   NOT NULL,
    delivery_id text,
    source      text     NOT NULL,
    issue       bigint,
    comment_id  bigint,
    event       jsonb    NOT NULL,
    facts       jsonb,
    state       text     NOT NULL,
    received_at timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    attempts    integer  NOT NULL DEFAULT 0,
    last_error  text,
    CONSTRAINT inbox_pk PRIMARY KEY (tenant_id, inbox_id),
    CONSTRAINT inbox_source CHECK (source IN ('delivery', 'effect', 'monitor', 'operator')),
    CONSTRAINT inbox_state CHECK (state IN ('unprepared', 'ready', 'parked', 'dead'))
);
CREATE INDEX inbox_due ON inbox (state, due_at) WHERE state IN ('unprepared', 'ready');
CREATE INDEX inbox_of_lane ON inbox (tenant_id, repo_id, received_at) WHERE state <> 'dead';

-- Class 0: claimed with SKIP LOCKED by whoever applies a repository's events.
CREATE TABLE lane (
    tenant_id bigint NOT NULL,
    repo_id   bigint NOT NULL,
    CONSTRAINT lane_pk PRIMARY KEY (tenant_id, repo_id)
);

-- Classes 1 to 3: issue, queue, build. `counter` is the queue's last ticket (reset when the queue runs empty) or the
-- resource's last fencing token (never reset).
CREATE TABLE lock (
    tenant_id bigint   NOT NULL,
    class     smallint NOT NULL,
    key       text     NOT NULL,
    id        bigint   NOT NULL,
    version   bigint   NOT NULL DEFAULT 0,
    counter   bigint   NOT NULL DEFAULT 0,
    holder    text,
    taken_at  timestamptz,
    CONSTRAINT lock_pk PRIMARY KEY (tenant_id, class, key),
    CONSTRAINT lock_class CHECK (class IN (1, 2, 3)),
    CONSTRAINT lock_counters CHECK (version >= 0 AND counter >= 0)
);

-- Takes a whole plan in one round trip. `ids` are the advisory keys: their highest bits are the class, so ascending
-- ids are ascending (class, id). The row is the authority; the advisory key gives the order and makes waiting cheap.
-- What follows must be read in a later statement: this one still sees the world from before its waits.
CREATE FUNCTION take_locks(tenant bigint, classes smallint[], keys text[], ids bigint[], waits text[],
                           who text, hold text, advisory boolean)
RETURNS TABLE (class smallint, key text, version bigint, counter bigint) LANGUAGE plpgsql AS $$
DECLARE
    want record;
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
        PERFORM set_config('lock_timeout', want.wait, true);
        IF advisory THEN
            PERFORM pg_advisory_xact_lock(want.id);
        END IF;
        -- NO KEY: a plain FOR UPDATE would block, and so deadlock with, whoever inserts a row that refers here.
        PERFORM 1 FROM lock l WHERE l.tenant_id = tenant AND l.class = want.class AND l.key = want.key
            FOR NO KEY UPDATE;
        RETURN QUERY UPDATE lock l SET version = l.version + 1, holder = who, taken_at = trilock_now()
            WHERE l.tenant_id = tenant AND l.class = want.class AND l.key = want.key
            RETURNING l.class, l.key, l.version, l.counter;
    END LOOP;
    -- From here on a holder that hangs is ended.
    PERFORM set_config('statement_timeout', hold, true), set_config('idle_in_transaction_session_timeout', hold, true);
END
$$;

-- What a person asked for, for ever: neither a redelivery nor a second delivery makes a second build.
CREATE TABLE request (
    tenant_id    bigint NOT NULL,
    repo_id      bigint NOT NULL,
    request_key  text   NOT NULL,
    asked_at     timestamptz NOT NULL,
    CONSTRAINT request_pk PRIMARY KEY (tenant_id, repo_id, request_key)
);

-- A /cancel also counts for a /build with a lower comment id that arrives after it.
CREATE TABLE cancel_mark (
    tenant_id  bigint NOT NULL,
    repo_id    bigint NOT NULL,
    issue      bigint NOT NULL,
    comment_id bigint NOT NULL,
    author_id  bigint NOT NULL,
    -- Had write: then it counts for everybody's /build, else for the author's own.
    for_all    boolean NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT cancel_mark_pk PRIMARY KEY (tenant_id, repo_id, issue, comment_id)
);

-- Open builds only; what has ended moves to build_history in the transaction that ends it.
CREATE TABLE build (
    tenant_id       bigint  NOT NULL,
    build_id        uuid    NOT NULL,
    repo_id         bigint  NOT NULL,
    version         bigint  NOT NULL,
    queue           text    NOT NULL,
    asker           text    NOT NULL,
    issue           bigint,
    comment_id      bigint,
    request_key     text    NOT NULL,
    trigger         text    NOT NULL,
    asker_id        bigint  NOT NULL,
    asker_login     text    NOT NULL,
    build_type      text    NOT NULL,
    workflow        text    NOT NULL,
    git_ref         text    NOT NULL,
    inputs          jsonb   NOT NULL,
    shown           jsonb   NOT NULL,
    resources       text[]  NOT NULL,
    timeout_seconds bigint  NOT NULL,
    correlates      boolean NOT NULL,
    status          text    NOT NULL,
    priority        text    NOT NULL,
    ticket          bigint,
    requested_at    timestamptz NOT NULL,
    queued_at       timestamptz,
    starting_at     timestamptz,
    running_at      timestamptz,
    stopping_at     timestamptz,
    forced_at       timestamptz,
    ended_at        timestamptz,
    run_id          bigint,
    run_attempt     integer,
    run_phase       text,
    run_url         text,
    head_sha        text,
    ending          jsonb,
    follows         uuid,
    CONSTRAINT build_pk PRIMARY KEY (tenant_id, build_id),
    CONSTRAINT build_status CHECK (status IN ('requested', 'awaiting_approval', 'queued', 'starting', 'running', 'cancelling')),
    CONSTRAINT build_trigger CHECK (trigger IN ('issue', 'comment', 'manual', 'api')),
    CONSTRAINT build_priority CHECK (priority IN ('high', 'normal', 'low')),
    CONSTRAINT build_queued_has_ticket CHECK ((status = 'queued') <= (ticket IS NOT NULL AND queued_at IS NOT NULL)),
    CONSTRAINT build_running_has_run CHECK (status <> 'running' OR run_id IS NOT NULL)
);
CREATE UNIQUE INDEX build_one_open_per_issue_and_type ON build (tenant_id, repo_id, issue, build_type) WHERE issue IS NOT NULL;
CREATE UNIQUE INDEX build_one_per_run ON build (tenant_id, repo_id, run_id) WHERE run_id IS NOT NULL;
CREATE UNIQUE INDEX build_one_per_place ON build (tenant_id, repo_id, queue, ticket) WHERE status = 'queued';
CREATE INDEX build_holders ON build (tenant_id, repo_id) WHERE status IN ('starting', 'running', 'cancelling');
CREATE INDEX build_in_order ON build (tenant_id, repo_id, queue, status, ticket);

CREATE TABLE build_history (
    LIKE build,
    CONSTRAINT build_history_pk PRIMARY KEY (tenant_id, build_id),
    CONSTRAINT build_history_status CHECK (status IN ('invalid', 'rejected', 'approval_expired', 'cancelled', 'expired',
                                                      'succeeded', 'failed', 'timed_out', 'lost')),
    CONSTRAINT build_history_ended CHECK (ended_at IS NOT NULL)
);
CREATE INDEX build_history_of_issue ON build_history (tenant_id, repo_id, issue, requested_at DESC);
CREATE INDEX build_history_of_run ON build_history (tenant_id, repo_id, run_id) WHERE run_id IS NOT NULL;
CREATE INDEX build_history_recent ON build_history (tenant_id, repo_id, ended_at DESC);

-- A taken slot: the unique key is the rule "one holder per slot". Released leases move to lease_history.
CREATE TABLE lease (
    tenant_id    bigint  NOT NULL,
    resource     text    NOT NULL,
    slot         integer NOT NULL,
    token        bigint  NOT NULL,
    repo_id      bigint  NOT NULL,
    build_id     uuid    NOT NULL,
    kind         text    NOT NULL,
    state        text    NOT NULL,
    granted_at   timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT lease_one_holder_per_slot PRIMARY KEY (tenant_id, resource, slot),
    CONSTRAINT lease_kind CHECK (kind IN ('dispatch', 'manual', 'lease', 'gate')),
    CONSTRAINT lease_state CHECK (state IN ('held', 'quarantined')),
    CONSTRAINT lease_slot CHECK (slot >= 0),
    CONSTRAINT lease_token CHECK (token > 0)
);
CREATE INDEX lease_of_build ON lease (tenant_id, build_id);
CREATE INDEX lease_of_repo ON lease (tenant_id, repo_id);

CREATE TABLE lease_history (
    tenant_id   bigint  NOT NULL,
    resource    text    NOT NULL,
    slot        integer NOT NULL,
    token       bigint  NOT NULL,
    repo_id     bigint  NOT NULL,
    build_id    uuid    NOT NULL,
    kind        text    NOT NULL,
    granted_at  timestamptz NOT NULL,
    released_at timestamptz NOT NULL,
    outcome     text    NOT NULL,
    CONSTRAINT lease_history_pk PRIMARY KEY (tenant_id, resource, token),
    CONSTRAINT lease_history_outcome CHECK (outcome IN ('released', 'partial', 'failed', 'lifted'))
);
CREATE INDEX lease_history_by_age ON lease_history (released_at);

-- GitHub calls decided and not yet made. A row goes when its effect is known to be done.
CREATE TABLE outbox (
    tenant_id     bigint  NOT NULL,
    effect_id     uuid    NOT NULL,
    effect_key    text    NOT NULL,
    repo_id       bigint  NOT NULL,
    build_id      uuid,
    effect        jsonb   NOT NULL,
    state         text    NOT NULL DEFAULT 'pending',
    created_at    timestamptz NOT NULL,
    -- A claim moves it past the call's total time-out.
    due_at        timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    -- Set, and committed, before the call: from then on the effect may have happened.
    attempted_at  timestamptz,
    last_error    text,
    CONSTRAINT outbox_pk PRIMARY KEY (tenant_id, effect_id),
    CONSTRAINT outbox_once UNIQUE (tenant_id, effect_key),
    CONSTRAINT outbox_state CHECK (state IN ('pending', 'dead'))
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'pending';

-- What people read: one row per target, sent again whenever wanted > shown.
CREATE TABLE mirror (
    tenant_id     bigint  NOT NULL,
    repo_id       bigint  NOT NULL,
    target        text    NOT NULL,
    issue         bigint  NOT NULL,
    wanted        bigint  NOT NULL,
    shown         bigint  NOT NULL DEFAULT 0,
    comment_id    bigint,
    body          text,
    due_at        timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    last_error    text,
    CONSTRAINT mirror_pk PRIMARY KEY (tenant_id, repo_id, target),
    CONSTRAINT mirror_shown CHECK (shown <= wanted)
);
CREATE INDEX mirror_due ON mirror (due_at) WHERE shown < wanted;

-- Outcome comments and replies that were posted, so that none is posted twice and the status comment can link them.
CREATE TABLE posted (
    tenant_id  bigint NOT NULL,
    repo_id    bigint NOT NULL,
    marker     text   NOT NULL,
    comment_id bigint NOT NULL,
    url        text   NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT posted_pk PRIMARY KEY (tenant_id, repo_id, marker)
);

CREATE TABLE audit (
    tenant_id bigint NOT NULL,
    audit_id  uuid   NOT NULL,
    at        timestamptz NOT NULL,
    repo_id   bigint NOT NULL,
    build_id  uuid,
    actor     text   NOT NULL,
    what      text   NOT NULL,
    before    text,
    after     text,
    why       text,
    source    text   NOT NULL,
    CONSTRAINT audit_pk PRIMARY KEY (tenant_id, audit_id)
);
CREATE INDEX audit_of_repo ON audit (tenant_id, repo_id, at DESC);

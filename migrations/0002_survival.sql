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

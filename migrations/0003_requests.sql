-- What a build was asked with beyond its inputs, and whose approval it has. New columns have no defaults to keep: the
-- version before this one goes on beside it, and writes nulls.

ALTER TABLE build
    -- A keyed hash of all answers: says whether two requests ask for the same.
    ADD COLUMN digest   text,
    -- A short name of what it was checked by: the build type's policy and its workflow's inputs.
    ADD COLUMN terms    text,
    -- The private answers, encrypted.
    ADD COLUMN sealed   text,
    ADD COLUMN approval jsonb;

ALTER TABLE build_history
    ADD COLUMN digest   text,
    ADD COLUMN terms    text,
    ADD COLUMN sealed   text,
    ADD COLUMN approval jsonb;

CREATE INDEX build_awaiting ON build (tenant_id, repo_id) WHERE status = 'awaiting_approval';
CREATE INDEX build_sealed ON build (tenant_id, build_id) WHERE sealed IS NOT NULL;
CREATE INDEX build_history_sealed ON build_history (ended_at) WHERE sealed IS NOT NULL;

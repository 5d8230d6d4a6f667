-- Anchors the stored clock: it shows $1 now and runs at rate $2. Tests and the demo only.
INSERT INTO setting (tenant_id, name, value)
VALUES (0, 'clock', jsonb_build_object('real', clock_timestamp(), 'shown', $1::timestamptz, 'rate', $2::float8))
ON CONFLICT ON CONSTRAINT setting_pk DO UPDATE SET value = excluded.value

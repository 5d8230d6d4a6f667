-- What a scrape reads. Every table here is small by design: what is done leaves it. Ages are by the stored clock, but for
-- the oldest transaction's, which is Postgres' own. Sessions of other roles show their snapshot only to pg_monitor.
WITH clock AS MATERIALIZED (
    SELECT trilock_now() AS now
), ages AS (
    SELECT age(backend_xmin) AS xmin, age(backend_xid) AS xid, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
      FROM pg_stat_activity
     WHERE (datname = current_database() OR backend_type = 'walsender') AND pid <> pg_backend_pid()
       AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    UNION ALL SELECT age(xmin), age(catalog_xmin), NULL FROM pg_replication_slots
    UNION ALL SELECT NULL, age(transaction), extract(epoch FROM clock_timestamp() - prepared)::float8 FROM pg_prepared_xacts
)
SELECT jsonb_build_object(
    'inbox', coalesce((SELECT jsonb_object_agg(state, stand) FROM (
        SELECT state, jsonb_build_object('rows', count(*), 'oldest_seconds', extract(epoch FROM now - min(received_at))) AS stand
          FROM inbox, clock GROUP BY state, now) AS s), '{}'),
    'outbox', coalesce((SELECT jsonb_object_agg(state, stand) FROM (
        SELECT state, jsonb_build_object('rows', count(*), 'oldest_seconds', extract(epoch FROM now - min(created_at))) AS stand
          FROM outbox, clock GROUP BY state, now) AS s), '{}'),
    'builds', coalesce((SELECT jsonb_object_agg(status, n) FROM (SELECT status, count(*) AS n FROM build GROUP BY status) AS s), '{}'),
    'queue_oldest_seconds', coalesce((SELECT extract(epoch FROM now - min(queued_at)) FROM build, clock WHERE status = 'queued' GROUP BY now), 0),
    'queue_longest', coalesce((SELECT max(n) FROM (
        SELECT count(*) AS n FROM build WHERE status = 'queued' GROUP BY tenant_id, repo_id, queue) AS s), 0),
    'leases', coalesce((SELECT jsonb_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM lease GROUP BY state) AS s), '{}'),
    'comments_behind', (SELECT count(*) FROM mirror WHERE shown < wanted),
    'oldest_xmin', (SELECT coalesce(max(greatest(xmin, xid)), 0) FROM ages),
    'oldest_transaction_seconds', (SELECT coalesce(max(seconds), 0) FROM ages))

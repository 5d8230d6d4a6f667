-- What GitHub is to be asked for at $1, in the order in which it was first delivered; at most $2.
SELECT to_jsonb(r) FROM redelivery r WHERE due_at <= $1 ORDER BY hook_id LIMIT $2

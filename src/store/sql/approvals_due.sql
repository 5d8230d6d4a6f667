-- Repositories in which nobody approved in time, as of $1. Where the App may do nothing the time stands still.
SELECT DISTINCT tenant_id, repo_id FROM build
 WHERE status = 'awaiting_approval' AND approval->>'stands_since' IS NULL AND (approval->>'until')::timestamptz <= $1

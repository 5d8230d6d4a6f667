-- Somebody deleted comment $4 of issue $3. A status comment is made anew; an outcome is not posted again, but no longer
-- linked. $1 tenant, $2 repository, $5 now
WITH unlinked AS (
    UPDATE posted SET url = '' WHERE tenant_id = $1 AND repo_id = $2 AND comment_id = $4 AND url <> ''
       AND marker IN (SELECT 'outcome:' || build_id FROM build_history
                       WHERE tenant_id = $1 AND repo_id = $2 AND issue = $3)
    RETURNING 1
)
UPDATE mirror
   SET comment_id = CASE WHEN comment_id = $4 THEN NULL ELSE comment_id END,
       body = CASE WHEN comment_id = $4 THEN NULL ELSE body END,
       wanted = wanted + 1, due_at = CASE WHEN shown = wanted THEN $5 ELSE due_at END
 WHERE tenant_id = $1 AND repo_id = $2 AND target = 'status:' || $3::bigint
   AND (comment_id = $4 OR EXISTS (SELECT FROM unlinked))

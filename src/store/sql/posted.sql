SELECT jsonb_build_object('marker', marker, 'comment_id', comment_id, 'url', url) FROM posted
 WHERE tenant_id = $1 AND repo_id = $2 AND marker = $3

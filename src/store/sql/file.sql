SELECT etag, content FROM repository_file WHERE tenant_id = $1 AND repo_id = $2 AND path = $3

INSERT INTO repository_file (tenant_id, repo_id, path, etag, content) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT repository_file_pk DO UPDATE SET etag = excluded.etag, content = excluded.content

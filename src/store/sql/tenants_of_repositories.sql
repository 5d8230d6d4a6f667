-- Whose repositories ($1) these are, as far as we know them.
SELECT repo_id, tenant_id FROM repository WHERE repo_id = ANY($1) AND access <> 'transferred'

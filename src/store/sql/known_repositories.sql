-- An account's repositories, as they are compared with GitHub's list. $1 tenant
SELECT jsonb_build_object(
    'tenant_id', tenant_id, 'repo_id', repo_id, 'owner', owner, 'name', name, 'private', private,
    'default_branch', default_branch, 'installation_id', installation_id, 'access', access, 'access_since', access_since)
  FROM repository WHERE tenant_id = $1

-- All installations that accounts have as far as we know, by their own rows and by the repositories reached through them.
SELECT jsonb_build_object(
    'tenant_id', k.tenant_id, 'installation_id', k.installation_id, 'state', i.state, 'login', i.login,
    'reaches', EXISTS (SELECT FROM repository r WHERE r.tenant_id = k.tenant_id AND r.installation_id = k.installation_id
                          AND r.access IN ('active', 'suspended', 'archived')))
  FROM (SELECT tenant_id, installation_id FROM installation
        UNION SELECT tenant_id, installation_id FROM repository) AS k
  LEFT JOIN installation i USING (tenant_id, installation_id)

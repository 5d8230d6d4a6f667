-- Where something can be built, or is. $1: public ones only
SELECT to_jsonb(r) FROM repository r
 WHERE NOT ($1 AND (private OR access IN ('deleted', 'transferred')))
   AND (policy_state IN ('good', 'broken')
        OR EXISTS (SELECT FROM build b WHERE b.tenant_id = r.tenant_id AND b.repo_id = r.repo_id))
 ORDER BY owner, name

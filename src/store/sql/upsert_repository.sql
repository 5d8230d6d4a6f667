-- What a payload says of its repository; written only when it differs.
INSERT INTO repository AS r (tenant_id, repo_id, owner, name, private, default_branch, installation_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT ON CONSTRAINT repository_pk DO UPDATE
   SET owner = excluded.owner, name = excluded.name, private = excluded.private,
       default_branch = excluded.default_branch, installation_id = excluded.installation_id
 WHERE (r.owner, r.name, r.private, r.default_branch, r.installation_id)
       IS DISTINCT FROM
       (excluded.owner, excluded.name, excluded.private, excluded.default_branch, excluded.installation_id)

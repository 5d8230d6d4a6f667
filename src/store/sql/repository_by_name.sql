SELECT to_jsonb(r) FROM repository r WHERE lower(owner) = lower($1) AND lower(name) = lower($2)

SELECT class, key, version, counter FROM take_locks($1, $2, $3, $4, $5, $6, $7, $8)

SELECT class, key, version, counter, waited FROM take_plan($1, $2, $3, $4, $5, $6, $7, $8)

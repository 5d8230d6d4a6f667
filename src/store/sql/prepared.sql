UPDATE inbox SET state = 'ready', facts = $3, due_at = $4, attempts = 0, last_error = NULL
 WHERE tenant_id = $1 AND inbox_id = $2 AND state = 'unprepared'

-- Postgres ends what follows in this transaction if it takes longer.
SELECT set_config('statement_timeout', $1, true)

-- The only now.
SELECT trilock_now()

-- Deliveries are kept $1 (dedupe, replay); cancel marks and what GitHub was asked to send again for as long. Builds,
-- requests and audit stay.
WITH old AS (DELETE FROM delivery WHERE received_at < $1 AND outcome <> 'waiting' RETURNING 1),
     marks AS (DELETE FROM cancel_mark WHERE at < $1 RETURNING 1),
     asked AS (DELETE FROM redelivery WHERE found_at < $1 RETURNING 1)
SELECT (SELECT count(*) FROM old) + (SELECT count(*) FROM marks) + (SELECT count(*) FROM asked)

-- When the next thing of its kind is due: what a worker sleeps until. $1 is one of unprepared, ready, outbox, mirror, redelivery.
SELECT CASE $1
    WHEN 'outbox' THEN (SELECT min(due_at) FROM outbox WHERE state = 'pending')
    WHEN 'mirror' THEN (SELECT min(due_at) FROM mirror WHERE shown < wanted)
    WHEN 'redelivery' THEN (SELECT min(due_at) FROM redelivery WHERE due_at IS NOT NULL)
    ELSE (SELECT min(due_at) FROM inbox WHERE state = $1 AND state IN ('unprepared', 'ready'))
END

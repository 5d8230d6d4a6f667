-- What was private is not kept for longer than it may be asked for again. $1: builds that ended before
UPDATE build_history SET sealed = NULL WHERE sealed IS NOT NULL AND ended_at < $1

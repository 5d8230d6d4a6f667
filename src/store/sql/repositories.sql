-- $1: public ones only
SELECT to_jsonb(r) FROM repository r
 WHERE NOT ($1 AND (private OR access IN ('deleted', 'transferred'))) ORDER BY owner, name

-- A push touched what a catalogue is made of: the next event reads it anew.
UPDATE repository SET policy_read_at = NULL WHERE tenant_id = $1 AND repo_id = $2

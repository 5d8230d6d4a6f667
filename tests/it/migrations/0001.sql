-- Rows of one repository on an ordinary day: one build runs, one waits, one has ended.
INSERT INTO setting VALUES (0, 'bot', '"trilock[bot]"');
INSERT INTO repository VALUES (7, 42, 'octo', 'app', false, 'main', 1, 'good', '{"policy": {}}', NULL, '2026-11-20 14:00Z');
INSERT INTO repository_file VALUES (7, 42, '.github/trilock.yml', '"abc"', 'version: 1');
INSERT INTO delivery VALUES (7, '72d3162e-cc78-11e3-81ab-4c9367dc0958', 42, 'issue_comment', 'waiting', '2026-11-20 14:00Z', '\x00ff');
INSERT INTO inbox VALUES (7, '0199c0de-0000-7000-8000-000000000001', 42, '72d3162e-cc78-11e3-81ab-4c9367dc0958', 'delivery', 3, 31,
    '{"event": "look"}', NULL, 'unprepared', '2026-11-20 14:00Z', '2026-11-20 14:00Z', 0, NULL);
INSERT INTO lane VALUES (7, 42);
INSERT INTO lock VALUES (7, 1, '42/1', 1152921504606846977, 3, 0, 'apply 1', '2026-11-20 13:58Z'),
                        (7, 2, '42/default', 2305843009213693953, 5, 2, 'apply 1', '2026-11-20 13:58Z'),
                        (7, 3, '42/queue/default', 3458764513820540929, 5, 2, 'apply 1', '2026-11-20 13:58Z');
INSERT INTO request VALUES (7, 42, 'comment:11', '2026-11-20 13:50Z'), (7, 42, 'comment:21', '2026-11-20 13:58Z');
INSERT INTO cancel_mark VALUES (7, 42, 1, 12, 1001, false, '2026-11-20 13:59Z');
INSERT INTO build (tenant_id, build_id, repo_id, version, queue, asker, issue, comment_id, request_key, trigger, asker_id,
                   asker_login, build_type, workflow, git_ref, inputs, shown, resources, timeout_seconds, correlates, status,
                   priority, ticket, requested_at, queued_at, starting_at, running_at, run_id, run_attempt, run_phase, run_url)
VALUES (7, '0199c0de-0000-7000-8000-0000000000b1', 42, 3, 'default', '1', 1, 11, 'comment:11', 'comment', 1001,
        'ben', 'desktop', 'build.yml', 'main', '{"tag": "v1.4.0"}', '[]', '{}', 7200, false, 'running',
        'normal', 1, '2026-11-20 13:50Z', '2026-11-20 13:50Z', '2026-11-20 13:50Z', '2026-11-20 13:51Z', 900, 1, 'in_progress',
        'https://github.com/octo/app/actions/runs/900'),
       (7, '0199c0de-0000-7000-8000-0000000000b2', 42, 1, 'default', '2', 2, 21, 'comment:21', 'comment', 1001,
        'ben', 'desktop', 'build.yml', 'main', '{"tag": "v1.5.0"}', '[]', '{}', 7200, false, 'queued',
        'normal', 2, '2026-11-20 13:58Z', '2026-11-20 13:58Z', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO build_history
SELECT (jsonb_populate_record(b, '{"build_id": "0199c0de-0000-7000-8000-0000000000b0", "status": "succeeded", "run_id": 899,
                                   "ended_at": "2026-11-20T13:40:00Z", "ending": {"ending": "concluded", "conclusion": "success"}}')).*
  FROM build b WHERE run_id = 900;
INSERT INTO lease VALUES (7, '42/queue/default', 0, 2, 42, '0199c0de-0000-7000-8000-0000000000b1', 'dispatch', 'held',
    '2026-11-20 13:50Z', '2026-11-20 13:59Z', '2026-11-20 15:50Z');
INSERT INTO lease_history VALUES (7, '42/queue/default', 0, 1, 42, '0199c0de-0000-7000-8000-0000000000b0', 'dispatch',
    '2026-11-20 13:30Z', '2026-11-20 13:40Z', 'released');
INSERT INTO outbox (tenant_id, effect_id, effect_key, repo_id, effect, created_at, due_at)
VALUES (7, '0199c0de-0000-7000-8000-0000000000e1', '42/react:c21:Seen', 42,
        '{"effect": "react", "target": {"on": "comment", "id": 21}, "reaction": "seen"}', '2026-11-20 13:58Z', '2026-11-20 13:58Z');
INSERT INTO mirror VALUES (7, 42, 'status:1', 1, 4, 3, 555, 'Building', '2026-11-20 13:58Z', 0, NULL);
INSERT INTO posted VALUES (7, 42, 'outcome:0199c0de-0000-7000-8000-0000000000b0', 556, 'https://github.com/octo/app/issues/1', '2026-11-20 13:40Z');
INSERT INTO audit VALUES (7, '0199c0de-0000-7000-8000-0000000000a1', '2026-11-20 13:50Z', 42, '0199c0de-0000-7000-8000-0000000000b1',
    'ben', 'status', 'queued', 'starting', NULL, 'delivery 1');

INSERT INTO build (tenant_id, build_id, repo_id, version, queue, asker, issue, comment_id, request_key, trigger, asker_id,
                   asker_login, build_type, workflow, git_ref, inputs, shown, resources, timeout_seconds, correlates, status,
                   priority, requested_at, digest, terms, sealed, approval)
VALUES (7, '0199c0de-0000-7000-8000-0000000000b3', 42, 1, 'default', '4', 4, 41, 'comment:41', 'comment', 1002,
        'sam', 'desktop', 'build.yml', 'main', '{"tag": "v1.6.0"}', '[]', '{}', 7200, false, 'awaiting_approval',
        'normal', '2026-11-20 13:59Z', 'ab12', 'cd34', '00aa11bb:c2VhbGVk',
        '{"unless": "write", "by": "maintain", "expires_seconds": 259200, "pin": "ref", "own": false, "takes_commit": false,
          "asked_at": null, "until": "2026-11-23T13:59:00Z", "commit": null, "granted": null}');

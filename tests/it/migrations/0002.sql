INSERT INTO installation VALUES (7, 5, 'octo', 'active', '2026-11-20 13:00Z');
INSERT INTO redelivery VALUES (7, 'd-1', 12345, 'issues', '2026-11-20 13:40Z', '2026-11-20 13:49Z', 1, '2026-11-20 13:50Z',
    '2026-11-20 13:51Z', NULL);

INSERT INTO installation VALUES (7, 5, 'octo', 'active', '2026-11-20 13:00Z');
INSERT INTO redelivery VALUES (7, 'd-1', 'issues', '2026-11-20 13:50Z', 1, NULL);

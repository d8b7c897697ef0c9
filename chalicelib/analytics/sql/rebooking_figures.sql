-- The figures of each row.
SELECT
    key,
    count(*) FILTER (outcome IN ('returned', 'lost')) AS visits,
    count(*) FILTER (outcome = 'returned') AS rebooked,
    count(DISTINCT client) FILTER (outcome IN ('returned', 'lost')) AS clients,
    count(*) FILTER (outcome = 'unknown') AS unknown,
    count(*) FILTER (outcome = 'maturing') AS maturing
FROM outcomes
GROUP BY key
ORDER BY key

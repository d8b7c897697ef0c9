-- Changes and clients by month and pair, over the period by pair, and in all; each with its causes.
SELECT
    key, strftime(changed_on, '%Y-%m') AS month, before, after, cause,
    count(DISTINCT (client, number)) AS changes, count(DISTINCT client) AS clients
FROM flows
GROUP BY GROUPING SETS (
    (key, month, before, after, cause), (key, month, before, after), (before, after, cause), (before, after), ()
)

-- Of how many clients each thing can be told, and of how many it holds; by row and in all. In all, also how many
-- came again, and of how many anything is told.
any_told AS (SELECT DISTINCT client FROM told WHERE holds AND reason <> 'stated:none'),
counted AS (
    FROM told
    UNION ALL
    SELECT client, 'returned', true FROM returned
    UNION ALL
    SELECT client, 'any', true FROM any_told
)
SELECT
    l.key, c.reason, count(DISTINCT l.client) AS known, count(DISTINCT l.client) FILTER (c.holds) AS clients
FROM lost AS l JOIN counted AS c USING (client)
GROUP BY GROUPING SETS ((l.key, c.reason), (c.reason))

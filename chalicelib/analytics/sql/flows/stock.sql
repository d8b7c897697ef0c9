-- The clients of each category at the end of some days: those of now, less who came since, and with who left
-- since. Of all changes since the first of these days, the table has those of all clients.
days AS (SELECT unnest($days_of_stock::DATE[]) AS day),
present AS (
    SELECT category, sum(clients) AS clients
    FROM (
        SELECT category, clients FROM unchanged
        UNION ALL
        SELECT category, count(*) AS clients FROM known_clients GROUP BY category
    )
    GROUP BY category
),
moved AS (
    SELECT d.day, c.category, sum(c.number) AS clients
    FROM days AS d
    JOIN (
        SELECT after AS category, changed_on, -1 AS number FROM changes
        UNION ALL
        SELECT before AS category, changed_on, 1 AS number FROM changes
    ) AS c ON c.changed_on > d.day
    GROUP BY d.day, c.category
)
SELECT day, category, sum(clients)::BIGINT AS clients
FROM (
    SELECT d.day, p.category, p.clients FROM days AS d CROSS JOIN present AS p
    UNION ALL
    FROM moved
)
GROUP BY day, category
ORDER BY day, category

-- The listed clients with all their visits until now, and the specialist of the latest line of the base. A
-- client whose visits were all undone has none.
specialists AS (
    SELECT client, max({'at': visit_at, 'booking': booking, 'line': line, 'staff': staff}).staff AS staff
    FROM base_lines
    WHERE staff IS NOT NULL AND client IN (FROM listed)
    GROUP BY client
),
spending AS (
    SELECT client, map_from_entries(list((currency, spent) ORDER BY currency)) AS spent
    FROM (
        SELECT client, currency, sum(coalesce(paid_minor, 0) - refunded_minor)::BIGINT AS spent
        FROM visits WHERE client IN (FROM listed)
        GROUP BY client, currency
    )
    GROUP BY client
)
SELECT
    t.client, max(v.visit_on) AS last_visit_on,
    count(DISTINCT (v.salon, v.visit_on)) FILTER (v.visit_on IS NOT NULL) AS visits_count,
    coalesce(any_value(m.spent), MAP {}) AS spent, any_value(s.staff) AS staff
FROM listed AS t
LEFT JOIN visits AS v USING (client)
LEFT JOIN spending AS m USING (client)
LEFT JOIN specialists AS s USING (client)
GROUP BY t.client
ORDER BY t.client

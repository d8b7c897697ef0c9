-- The clients of each service and of all ("" with is_total), from their first visit of the period with it, by what
-- they came for within the days after it: anything, the same service, a category for the first time ever.
-- Clients, services and categories have numbers, which are joined and grouped several times as fast as their ids.
service_numbers AS MATERIALIZED (
    SELECT
        v.service, row_number() OVER ()::INTEGER AS number,
        CASE WHEN s.category <> '' THEN dense_rank() OVER (ORDER BY s.category)::INTEGER END AS category
    FROM (SELECT DISTINCT coalesce(service, '') AS service FROM visits) AS v LEFT JOIN services AS s USING (service)
),
client_numbers AS MATERIALIZED (
    SELECT client, first_on, row_number() OVER ()::INTEGER AS number
    FROM (SELECT client, min(visit_on) AS first_on FROM visits WHERE client IS NOT NULL GROUP BY client)
),
numbered AS MATERIALIZED (
    SELECT c.number AS client, n.number AS service, v.visit_on, n.category
    FROM visits AS v
    JOIN client_numbers AS c USING (client)
    JOIN service_numbers AS n ON n.service = coalesce(v.service, '')
),
base AS MATERIALIZED (
    SELECT
        coalesce(n.number, 0) AS key, c.number AS client,
        min(l.visit_on) AS base_on, bool_or(l.visit_on = c.first_on) AS is_new
    FROM counted_lines AS l
    JOIN client_numbers AS c USING (client)
    JOIN service_numbers AS n ON n.service = l.key
    GROUP BY GROUPING SETS ((n.number, c.number), (c.number))
),
base_services AS (
    SELECT key, client, base_on, key AS service FROM base WHERE key > 0
    UNION ALL
    SELECT 0 AS key, a.client, a.base_on, b.key AS service
    FROM base AS a JOIN base AS b USING (client, base_on)
    WHERE a.key = 0 AND b.key > 0
),
same_service AS (
    SELECT b.key, b.client, min(v.visit_on) AS next_on
    FROM base_services AS b JOIN numbered AS v USING (client, service)
    WHERE v.visit_on > b.base_on
        AND b.service <> coalesce((SELECT number FROM service_numbers WHERE service = ''), 0)
    GROUP BY b.key, b.client
),
client_days AS (
    SELECT client, list(visit_on) AS days FROM numbered
    WHERE visit_on BETWEEN $first AND $last + $days[1]
    GROUP BY client
),
category_days AS (
    SELECT client, list(first_on) AS days
    FROM (
        SELECT client, category, min(visit_on) AS first_on FROM numbered
        WHERE category IS NOT NULL
        GROUP BY client, category
        HAVING min(visit_on) BETWEEN $first AND $last + $days[1]
    )
    GROUP BY client
),
outcomes AS (
    SELECT
        b.key, b.is_new, b.base_on + $days[1] < $today AS is_over,
        len(list_filter(d.days, lambda day: day > b.base_on AND day <= b.base_on + $days[1])) > 0 AS returned,
        coalesce(s.next_on <= b.base_on + $days[1], false) AS same,
        coalesce(
            len(list_filter(c.days, lambda day: day > b.base_on AND day <= b.base_on + $days[1])) > 0, false
        ) AS second
    FROM base AS b
    JOIN client_days AS d USING (client)
    LEFT JOIN same_service AS s USING (key, client)
    LEFT JOIN category_days AS c USING (client)
),
counted AS (
    SELECT
        key,
        count(*) AS served_clients,
        count(*) FILTER (is_new) AS new_clients,
        count(*) FILTER (returned OR is_over) AS clients,
        count(*) FILTER (returned) AS returned,
        count(*) FILTER (NOT (returned OR is_over)) AS maturing,
        count(*) FILTER (same OR is_over) AS same_of,
        count(*) FILTER (same) AS same,
        count(*) FILTER (second OR is_over) AS second_of,
        count(*) FILTER (second) AS second
    FROM outcomes
    GROUP BY key
)
SELECT c.key = 0 AS is_total, coalesce(n.service, '') AS service, c.* EXCLUDE (key)
FROM counted AS c LEFT JOIN service_numbers AS n ON n.number = c.key
ORDER BY is_total, service

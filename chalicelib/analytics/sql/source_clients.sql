-- The clients of each source, by what became of them until now. late: back only after the window.
all_visits AS (
    SELECT DISTINCT client, salon, visit_on
    FROM visits SEMI JOIN base USING (client)
),
until_now AS (SELECT client, count(*) AS visits, max(visit_on) AS last_on FROM all_visits GROUP BY client)
SELECT
    key,
    count(*) FILTER (returned OR window_last < $today) AS clients,
    count(*) FILTER (returned) AS returned,
    count(*) FILTER (NOT returned AND window_last >= $today) AS maturing,
    count(*) FILTER (visits = 1 AND window_last < $today) AS one_time,
    count(*) FILTER (NOT returned AND window_last < $today AND last_on > window_last) AS late,
    count(*) FILTER (visits > 3) AS paid_back
FROM outcomes JOIN until_now USING (client)
GROUP BY key
ORDER BY key

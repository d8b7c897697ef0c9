-- A visit in the period; repeated: two or more visits in it.
asked_visits AS (
    SELECT DISTINCT key, client, salon, visit_on FROM lines
    WHERE visit_on BETWEEN $first AND $last
),
counted AS (SELECT key, client, count(*) AS visits FROM asked_visits GROUP BY key, client)
SELECT key, count(*) AS clients, count(*) FILTER (visits >= 2) AS repeated
FROM counted
GROUP BY key
ORDER BY key

-- The visits of the period: rated, and paid in part with points; the clients, and those who did either.
asked_visits AS (
    SELECT
        key, client, salon, visit_on,
        max(rating) IS NOT NULL AS is_rated, coalesce(sum(points_minor), 0) > 0 AS has_points
    FROM lines
    WHERE visit_on BETWEEN $first AND $last
    GROUP BY key, client, salon, visit_on
)
SELECT
    key, count(*) AS visits, count(*) FILTER (is_rated) AS rated, count(*) FILTER (has_points) AS with_points,
    count(DISTINCT client) AS clients, count(DISTINCT client) FILTER (is_rated OR has_points) AS engaged
FROM asked_visits
GROUP BY key
ORDER BY key

-- The first visit ever in a month; returned: a visit in each month, counted from that month as 0.
base AS (
    SELECT DISTINCT client, date_trunc('month', first_on)::DATE AS month
    FROM lines
    WHERE visit_on = first_on AND first_on BETWEEN $first AND $last
)
SELECT
    strftime(b.month, '%Y-%m') AS key,
    date_diff('month', b.month, v.visit_on)::INTEGER AS number,
    count(DISTINCT v.client) AS clients
FROM base AS b JOIN visits AS v USING (client)
WHERE v.visit_on <= $month_last
GROUP BY key, number
ORDER BY key, number

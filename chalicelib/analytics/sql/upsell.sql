-- Clients of the period by the number of service categories that they had in it, in the whole network.
base AS (SELECT DISTINCT key, client FROM lines WHERE visit_on BETWEEN $first AND $last),
categories AS (
    SELECT v.client, count(DISTINCT nullif(s.category, '')) AS categories
    FROM visits AS v LEFT JOIN services AS s USING (service)
    WHERE v.client IS NOT NULL AND v.visit_on BETWEEN $first AND $last
    GROUP BY v.client
)
SELECT
    b.key, count(*) AS clients,
    count(*) FILTER (c.categories = 1) AS of_one,
    count(*) FILTER (c.categories > 1) AS of_several
FROM base AS b JOIN categories AS c USING (client)
GROUP BY b.key
ORDER BY b.key

-- The referrers with the most friends, with the friends of their friends by level. A friend counts once, on the
-- nearest level; whoever recommended each other in a circle is no friend of themselves.
tree AS (
    WITH RECURSIVE found AS (
        SELECT referrer, client, 1 AS level FROM kept_friends
        UNION ALL
        SELECT t.referrer, f.client, t.level + 1 AS level
        FROM found AS t JOIN kept_friends AS f ON f.referrer = t.client
        WHERE t.level < $most_levels
    )
    SELECT referrer, client, min(level) AS level FROM found
    WHERE referrer <> client
    GROUP BY referrer, client
),
levels AS (
    SELECT referrer, list(clients ORDER BY level) AS clients
    FROM (SELECT referrer, level, count(*) AS clients FROM tree GROUP BY referrer, level)
    GROUP BY referrer
),
counted AS (
    SELECT
        referrer,
        count(*) FILTER (returned OR window_last < $today) AS clients,
        count(*) FILTER (returned) AS returned,
        count(*) FILTER (NOT returned AND window_last >= $today) AS maturing
    FROM kept_friends
    GROUP BY referrer
)
SELECT
    c.referrer, c.clients, c.returned, c.maturing, l.clients AS levels,
    (count(*) OVER ())::BIGINT AS referrers,
    (sum(c.clients) OVER ())::BIGINT AS all_clients,
    (sum(c.returned) OVER ())::BIGINT AS all_returned,
    (sum(c.maturing) OVER ())::BIGINT AS all_maturing
FROM counted AS c JOIN levels AS l USING (referrer)
ORDER BY c.clients + c.maturing DESC, c.referrer
LIMIT $most_rows

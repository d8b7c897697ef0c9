-- The lines of friends until now, each under its referrer; of all together where no referrers are named.
counted_lines AS (
    SELECT l.* REPLACE (CASE WHEN $referrers::VARCHAR[] IS NULL THEN '' ELSE f.referrer END AS key)
    FROM lines AS l JOIN kept_friends AS f USING (client)
    WHERE $referrers::VARCHAR[] IS NULL OR list_contains($referrers::VARCHAR[], f.referrer)
)

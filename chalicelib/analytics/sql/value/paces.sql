-- The kind and the pace of each client today, a year ago and two years ago. gaps: how many gaps are known, by
-- kinds. late: how late the client was. pace: visits of a year without fail. A client who came once has no gap:
-- 60 days stand in its place, and one visit in the place of the pace. A usual gap below a week counts as a week.
earlier AS (
    SELECT
        client,
        max(day, 4) FILTER (day <= $today - $ahead) AS lasts_1,
        max(day, 4) FILTER (day <= $today - 2 * $ahead) AS lasts_2
    FROM value_days
    GROUP BY client
),
moments AS (
    SELECT client, 0 AS years_ago, $today AS until, visits_0 AS visits, lasts, 0 AS real FROM value_clients
    UNION ALL
    SELECT client, 1, $today - $ahead, visits_1, lasts_1, visits_0 - visits_1
    FROM value_clients JOIN earlier USING (client)
    WHERE visits_1 > 0
    UNION ALL
    SELECT client, 2, $today - 2 * $ahead, visits_2, lasts_2, visits_1 - visits_2
    FROM value_clients JOIN earlier USING (client)
    WHERE visits_2 > 0
),
usual AS (
    SELECT
        client, years_ago, visits, real,
        CASE WHEN visits > 1 THEN greatest(round_even((lasts[1] - lasts[-1]) / (len(lasts) - 1), 0), 7) END AS gap,
        (until - lasts[1]) / coalesce(gap, 60) AS silent
    FROM moments
)
SELECT
    client,
    years_ago,
    real,
    CASE
        WHEN visits > 10 THEN 4 WHEN visits > 5 THEN 3 WHEN visits > 2 THEN 2 WHEN visits > 1 THEN 1 ELSE 0
    END AS gaps,
    CASE WHEN silent <= 1.25 THEN 0 WHEN silent <= 3 THEN 1 ELSE 2 END AS late,
    coalesce($ahead / gap, 1.0)::DOUBLE AS pace
FROM usual

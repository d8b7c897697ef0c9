-- The first visit ever in the period; returned: a visit on a later date, within the days.
base_lines AS (
    SELECT * FROM lines
    WHERE visit_on = first_on AND first_on BETWEEN $first AND $last
),
base AS (SELECT DISTINCT key, client, place, first_on FROM base_lines),
next_visits AS (
    SELECT b.key, b.client, b.first_on, min(p.visit_on) AS next_on
    FROM base AS b
    LEFT JOIN places AS p
        ON p.client = b.client AND p.place = b.place AND p.visit_on > b.first_on
            AND p.visit_on BETWEEN $first AND $last + $days[1]
    GROUP BY b.key, b.client, b.first_on
),
outcomes AS (
    SELECT
        key, client, $days[1] AS days,
        coalesce(next_on <= first_on + $days[1], false) AS returned,
        first_on + $days[1] AS window_last
    FROM next_visits
)

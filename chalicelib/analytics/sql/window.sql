-- A visit in the period; returned: another visit in the days after the period.
base_lines AS (
    SELECT * FROM lines
    WHERE visit_on BETWEEN $first AND $last
        AND ($who = 'all' OR first_on BETWEEN $first AND $last)
),
base AS (SELECT DISTINCT key, client, place FROM base_lines),
returns AS (
    SELECT DISTINCT client, place FROM places
    WHERE visit_on BETWEEN $last + 1 AND $last + $days[1]
),
outcomes AS (
    SELECT
        b.key, b.client, $days[1] AS days,
        bool_or(r.client IS NOT NULL) AS returned,
        $last + $days[1] AS window_last
    FROM base AS b LEFT JOIN returns AS r USING (client, place)
    GROUP BY b.key, b.client
)

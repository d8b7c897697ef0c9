-- A visit in the days before the current period; returned: a visit in the current period.
base_lines AS (
    SELECT * FROM lines
    WHERE visit_on BETWEEN $first - $days[1] AND $first - 1
        AND ($who = 'all' OR first_on BETWEEN $first - $days[1] AND $first - 1)
),
base AS (SELECT DISTINCT key, client, place FROM base_lines),
returns AS (
    SELECT DISTINCT client, place FROM places
    WHERE visit_on BETWEEN $first AND $last
),
outcomes AS (
    SELECT
        b.key, b.client, $days[1] AS days,
        bool_or(r.client IS NOT NULL) AS returned,
        $last AS window_last
    FROM base AS b LEFT JOIN returns AS r USING (client, place)
    GROUP BY b.key, b.client
)

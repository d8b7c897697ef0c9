-- A visit in the period of the base; returned: a visit in the period of the return.
base_lines AS (
    SELECT * FROM lines
    WHERE visit_on BETWEEN $first AND $last
        AND ($who = 'all' OR first_on BETWEEN $first AND $last)
),
base AS (SELECT DISTINCT key, client, place FROM base_lines),
returns AS (
    SELECT DISTINCT client, place FROM places
    WHERE visit_on BETWEEN $return_first AND $return_last
),
outcomes AS (
    SELECT
        b.key, b.client, NULL::INTEGER AS days,
        bool_or(r.client IS NOT NULL) AS returned,
        $return_last AS window_last
    FROM base AS b LEFT JOIN returns AS r USING (client, place)
    GROUP BY b.key, b.client
)

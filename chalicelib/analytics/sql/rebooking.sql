-- Each visit of the base, and whether at the end of its date the client held a booking for a later one, in any
-- salon, that is not cancelled by now. What was made on an unknown date may have been held.
base_lines AS (
    SELECT * FROM lines
    WHERE visit_on BETWEEN $first AND $last
        AND ($who = 'all' OR first_on BETWEEN $first AND $last)
),
base AS (SELECT DISTINCT key, client, salon, visit_on FROM base_lines),
held AS (
    SELECT client, visit_on AS starts_on, booked_on FROM attendances
    WHERE client IS NOT NULL AND visit_on > $first
    UNION ALL
    SELECT client, starts_on, booked_on FROM booked
    WHERE client IS NOT NULL AND starts_on > $first
),
dates AS (SELECT DISTINCT client, visit_on FROM base),
answers AS (
    SELECT
        d.client, d.visit_on,
        bool_or(h.booked_on <= d.visit_on) AS rebooked,
        bool_or(h.booked_on IS NULL) AS may_have_been
    FROM dates AS d JOIN held AS h ON h.client = d.client AND h.starts_on > d.visit_on
    GROUP BY d.client, d.visit_on
),
outcomes AS (
    SELECT
        b.key, b.client,
        CASE
            WHEN coalesce(a.rebooked, false) THEN 'returned'
            WHEN b.visit_on >= $today THEN 'maturing'
            WHEN coalesce(a.may_have_been, false) THEN 'unknown'
            ELSE 'lost'
        END AS outcome
    FROM base AS b LEFT JOIN answers AS a USING (client, visit_on)
)

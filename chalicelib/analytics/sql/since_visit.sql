-- A visit in the period, the first of them being the base; returned: a visit on a later date, within the days.
in_period AS (
    SELECT * FROM lines
    WHERE visit_on BETWEEN $first AND $last
        AND ($who = 'all' OR first_on BETWEEN $first AND $last)
),
base_dates AS (SELECT key, client, min(visit_on) AS base_on FROM in_period GROUP BY key, client),
base_lines AS (
    SELECT i.* FROM in_period AS i JOIN base_dates AS d USING (key, client)
    WHERE i.visit_on = d.base_on
),
base AS (SELECT DISTINCT key, client, place, visit_on AS base_on FROM base_lines),
next_visits AS (
    SELECT b.key, b.client, b.base_on, min(p.visit_on) AS next_on
    FROM base AS b
    LEFT JOIN places AS p
        ON p.client = b.client AND p.place = b.place AND p.visit_on > b.base_on
            AND p.visit_on BETWEEN $first AND $last + list_max($days::INTEGER[])
    GROUP BY b.key, b.client, b.base_on
),
outcomes AS (
    SELECT
        n.key, n.client, w.days,
        coalesce(n.next_on <= n.base_on + w.days, false) AS returned,
        n.base_on + w.days AS window_last
    FROM next_visits AS n CROSS JOIN (SELECT unnest($days::INTEGER[]) AS days) AS w
)

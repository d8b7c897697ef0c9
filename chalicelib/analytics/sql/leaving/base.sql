-- The clients who became lost in the period, each once, at the latest change to lost; under the keys of the lines
-- of their latest date with a visit before that. dates: of their visits before, the latest is 1.
lost_changes AS MATERIALIZED (
    SELECT client, max(changed_on) AS lost_on FROM changes
    WHERE after = 'lost' AND changed_on BETWEEN $first AND $last
    GROUP BY client
),
dates AS MATERIALIZED (
    SELECT client, visit_on, lost_on, row_number() OVER (PARTITION BY client ORDER BY visit_on DESC) AS ago
    FROM (
        SELECT DISTINCT v.client, v.visit_on, c.lost_on
        FROM lost_changes AS c JOIN visits AS v ON v.client = c.client AND v.visit_on < c.lost_on
    )
),
base_lines AS (
    SELECT l.*, d.lost_on
    FROM dates AS d JOIN lines AS l ON l.client = d.client AND l.visit_on = d.visit_on
    WHERE d.ago = 1
),
lost AS (SELECT DISTINCT key, client, lost_on FROM base_lines),
returned AS (
    SELECT DISTINCT c.client
    FROM lost_changes AS c JOIN visits AS v ON v.client = c.client AND v.visit_on >= c.lost_on
)

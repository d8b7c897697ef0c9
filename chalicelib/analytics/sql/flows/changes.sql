-- The changes of category in the period, each under the keys of the lines of its client's latest date of visits
-- until then. $of_lines: whether a row, a filter or a list asks about these lines. A change before which there
-- is no visit has the empty key, and stands behind no filter.
in_period AS (
    SELECT * FROM changes
    WHERE changed_on BETWEEN $first AND $last
        AND ($category_before::VARCHAR IS NULL OR before = $category_before)
        AND ($category_after::VARCHAR IS NULL OR after = $category_after)
),
last_dates AS (
    SELECT c.client, c.changed_on, max(v.visit_on) AS last_on
    FROM (SELECT DISTINCT client, changed_on FROM in_period WHERE $of_lines) AS c
    JOIN visits AS v ON v.client = c.client AND v.visit_on <= c.changed_on
    GROUP BY ALL
),
base_lines AS (
    SELECT l.*, d.changed_on
    FROM last_dates AS d JOIN lines AS l ON l.client = d.client AND l.visit_on = d.last_on
),
flows AS (
    SELECT DISTINCT coalesce(b.key, '') AS key, p.*
    FROM in_period AS p LEFT JOIN base_lines AS b USING (client, changed_on)
    WHERE b.client IS NOT NULL OR NOT $is_filtered
)

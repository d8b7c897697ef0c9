-- A page of the clients of one group, and the lines of their latest visits until the touch.
base_lines AS (
    SELECT v.* FROM visits AS v JOIN outcomes AS o USING (client)
    WHERE v.visit_on <= o.touch_on
),
listed AS (
    SELECT DISTINCT client FROM outcomes
    WHERE held_out = ($listed = 'held_out')
        AND CASE $listed
            WHEN 'returned' THEN returned AND window_last < $today
            WHEN 'lost' THEN NOT returned AND window_last < $today
            WHEN 'maturing' THEN window_last >= $today
            ELSE window_last < $today
        END
        AND ($after::VARCHAR IS NULL OR client > $after)
    ORDER BY client
    LIMIT $limit + 1
)

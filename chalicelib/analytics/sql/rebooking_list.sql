-- A page of the clients behind a figure. Who rebooked at one visit of several has rebooked.
listed AS (
    SELECT client FROM outcomes
    WHERE outcome IN ('returned', 'lost') AND ($after::VARCHAR IS NULL OR client > $after)
    GROUP BY client
    HAVING CASE $listed
        WHEN 'returned' THEN bool_or(outcome = 'returned')
        WHEN 'lost' THEN NOT bool_or(outcome = 'returned')
        ELSE true
    END
    ORDER BY client
    LIMIT $limit + 1
)

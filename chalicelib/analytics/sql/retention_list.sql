-- A page of the clients behind a figure.
listed AS (
    SELECT client FROM outcomes
    WHERE CASE $listed
            WHEN 'returned' THEN returned
            WHEN 'lost' THEN NOT returned AND window_last < $today
            WHEN 'maturing' THEN NOT returned AND window_last >= $today
            ELSE returned OR window_last < $today
        END
        AND ($after::VARCHAR IS NULL OR client > $after)
    ORDER BY client
    LIMIT $limit + 1
)

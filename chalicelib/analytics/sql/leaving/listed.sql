-- The clients who became lost, a page of them: all, those of a row, those who stayed away or came again.
listed AS (
    SELECT DISTINCT client FROM lost
    WHERE CASE $listed
            WHEN 'returned' THEN client IN (SELECT client FROM returned)
            WHEN 'lost' THEN client NOT IN (SELECT client FROM returned)
            ELSE true
        END
        AND ($reason::VARCHAR IS NULL OR client IN (SELECT client FROM told WHERE holds AND reason = $reason))
        AND ($after::VARCHAR IS NULL OR client > $after)
    ORDER BY client
    LIMIT $limit + 1
)

-- The clients of the changes, a page of them.
listed AS (
    SELECT DISTINCT client FROM flows
    WHERE $after::VARCHAR IS NULL OR client > $after
    ORDER BY client
    LIMIT $limit + 1
)

-- The figures of each row. A client whose window is open and who has not returned is maturing, and no more.
SELECT
    key, days,
    count(*) FILTER (returned OR window_last < $today) AS clients,
    count(*) FILTER (returned) AS returned,
    count(*) FILTER (NOT returned AND window_last >= $today) AS maturing
FROM outcomes
GROUP BY key, days
ORDER BY key, days

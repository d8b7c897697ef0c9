-- Visits of the next year: the client's pace, times the share of it that clients of the same kind kept in the
-- year before. Of fewer than 30, the share of all who were as late; of fewer than 30 of those, of everyone.
shares AS (
    SELECT gaps, late, sum(real) / sum(pace) AS share
    FROM value_paces
    WHERE years_ago = $years_ago + 1
    GROUP BY GROUPING SETS ((gaps, late), (late), ())
    HAVING count(*) >= $fewest
)
SELECT client, pace * coalesce(own.share, of_late.share, (SELECT share FROM shares WHERE late IS NULL)) AS visits
FROM value_paces AS m
LEFT JOIN shares AS own ON own.gaps = m.gaps AND own.late = m.late
LEFT JOIN shares AS of_late ON of_late.gaps IS NULL AND of_late.late = m.late
WHERE years_ago = $years_ago

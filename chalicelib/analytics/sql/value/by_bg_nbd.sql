-- Visits of the next year: those of a client who has not left, times the probability of that.
SELECT
    client,
    v.visits * CASE WHEN repeats = 0 THEN 1
        ELSE 1 / (1 + exp(least(700, ln($a / ($b + repeats - 1)) + ($r + repeats) * ln(($alpha + age) / ($alpha + recency)))))
    END AS visits
FROM value_moments JOIN value_alive AS v USING (repeats, age)
WHERE years_ago = $years_ago

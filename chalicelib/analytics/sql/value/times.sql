-- What the likelihood needs of the times of histories, by number of repeats: see bgnbd.TimeSums.
logs AS (
    SELECT
        repeats, clients, recency, age,
        $r + repeats AS k,
        ln($alpha + age) AS log_age,
        log_age - ln($alpha + recency) AS since,
        CASE WHEN repeats > 0 THEN ln($a / ($b + repeats - 1)) + k * since END AS odds
    FROM value_histories
    WHERE part < $parts
),
chances AS (
    SELECT
        *,
        coalesce(clients / (1 + exp(least(-odds, 700))), 0) AS leaving,
        coalesce(greatest(odds, 0) + ln(1 + exp(-abs(odds))), 0) AS left_or_not
    FROM logs
)
SELECT
    repeats,
    fsum(clients * (left_or_not - k * log_age)) AS value,
    fsum(leaving * since - clients * log_age) AS by_r,
    fsum(k * (leaving * (1 / ($alpha + age) - 1 / ($alpha + recency)) - clients / ($alpha + age))) AS by_alpha,
    fsum(leaving) AS leaving
FROM chances
GROUP BY repeats
ORDER BY repeats

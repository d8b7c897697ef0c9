-- The spread of the last gap but one, as a share of the last two gaps.
SELECT count(*) AS clients, var_samp((lasts[2] - lasts[3]) / (lasts[1] - lasts[3])) AS spread
FROM value_clients
WHERE visits_0 > 2

-- What was foretold a year ago against what has come.
SELECT
    sqrt(avg(pow(visits - real, 2))) AS error,
    sqrt(avg(pow(last_year - real, 2))) AS last_year_error,
    sum(visits) AS foretold,
    sum(real)::BIGINT AS real
FROM value_foretold JOIN value_moments USING (client)
WHERE years_ago = 1

-- Equal histories are one. part: one of a hundred at random, since a fit begins with a sample.
SELECT
    repeats, recency, age, count(*) AS clients, (hash(repeats, recency, age) % 100)::INTEGER AS part
FROM value_moments
WHERE years_ago = $years_ago
GROUP BY ALL

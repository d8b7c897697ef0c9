-- What was known today, and a year ago of those who had come by then. recency, age: days from the first visit to
-- the last, and to that day. real, last_year: visits of the year after that day, and of the year before it.
SELECT
    client, 0 AS years_ago, visits_0 - 1 AS repeats, last_0 - first_on AS recency, $today - first_on AS age,
    0 AS real, visits_0 - visits_1 AS last_year
FROM value_clients
UNION ALL
SELECT
    client, 1, visits_1 - 1, last_1 - first_on, $today - $ahead - first_on,
    visits_0 - visits_1, visits_1 - visits_2
FROM value_clients
WHERE visits_1 > 0

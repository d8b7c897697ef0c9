-- How many clients have how many repeats, and the ages of these clients.
SELECT repeats, sum(clients)::BIGINT AS clients, sum(age * clients)::BIGINT AS known, max(age) AS longest
FROM value_histories
WHERE part < $parts
GROUP BY repeats
ORDER BY repeats

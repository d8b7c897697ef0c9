-- Of how many clients each thing can be told, and of how many it holds.
SELECT l.key, t.reason, count(*) AS known, count(*) FILTER (t.holds) AS clients
FROM lost AS l JOIN told AS t USING (client)
GROUP BY l.key, t.reason

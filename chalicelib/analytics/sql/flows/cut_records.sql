-- Clients of whom not all changes of the period are known: the record is cut off, or began without a change.
records AS (SELECT client, count(*) AS number, min(changed_on) AS first_on FROM changes GROUP BY client)
SELECT count(*)
FROM known_clients LEFT JOIN records AS r USING (client)
WHERE r.client IS NULL OR (r.number >= $changes_kept AND r.first_on >= $first)

-- The mean bills of the clients, by number of bills.
SELECT bills, count(*) AS clients, fsum(billed / bills) AS means, fsum(ln(billed / bills)) AS logs
FROM value_clients
WHERE bills > 0
GROUP BY bills
ORDER BY bills

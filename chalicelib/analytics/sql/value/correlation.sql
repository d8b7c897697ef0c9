SELECT CASE WHEN stddev_pop(bills) > 0 AND stddev_pop(billed / bills) > 0 THEN corr(bills, billed / bills) END
FROM value_clients
WHERE bills > 0

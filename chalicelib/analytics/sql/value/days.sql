-- What each client paid in the currency on each date with a visit, until today, refunds taken off.
SELECT
    client, visit_on AS day,
    sum(coalesce(paid_minor, 0) - refunded_minor)::BIGINT AS bill,
    bool_or(paid_minor IS NULL) AS is_unknown
FROM lines
WHERE currency = $currency AND visit_on <= $today
GROUP BY client, visit_on

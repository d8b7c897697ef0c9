-- What each cohort paid in the month of its first visits, which is month 0, and in each month after it. Months
-- are numbered as the domain does.
SELECT
    year(first_on) * 12 + month(first_on) - 1 AS cohort,
    year(day) * 12 + month(day) - 1 - cohort AS number,
    sum(bill)::BIGINT AS spent_minor
FROM value_days JOIN shown USING (client)
GROUP BY ALL

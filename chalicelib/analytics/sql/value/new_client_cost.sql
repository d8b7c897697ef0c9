-- What the advertising of the months of the period cost, by currency, and the new clients of the sources whose
-- cost is known. months: how many months of these sources have a cost.
paid AS (
    SELECT source, currency, sum(amount_minor)::BIGINT AS amount_minor, count(*) AS months
    FROM costs
    WHERE month BETWEEN $first_month AND $last_month AND amount_minor > 0
    GROUP BY source, currency
),
brought AS (
    SELECT source, count(*) AS clients FROM firsts
    WHERE first_on BETWEEN $first AND $last
    GROUP BY source
)
SELECT
    currency, sum(amount_minor)::BIGINT AS cost_minor, coalesce(sum(clients), 0)::BIGINT AS brought,
    sum(months)::BIGINT AS months, count(*) AS sources
FROM paid LEFT JOIN brought USING (source)
GROUP BY currency
ORDER BY cost_minor DESC, currency

-- What was paid for the visits of the period, refunds taken off, in each currency. A visit of which somebody
-- has not told yet what was paid is counted apart.
asked_visits AS (
    SELECT
        key, currency, client, salon, visit_on,
        bool_and(paid_minor IS NOT NULL) AS is_known,
        sum(paid_minor - refunded_minor) AS sales_minor,
        sum(goods_minor) AS goods_minor,
        sum(points_minor) AS points_minor,
        sum(refunded_minor) AS refunded_minor
    FROM lines
    WHERE visit_on BETWEEN $first AND $last
    GROUP BY key, currency, client, salon, visit_on
)
SELECT
    key, currency,
    count(*) FILTER (is_known) AS visits,
    count(DISTINCT client) FILTER (is_known) AS clients,
    count(*) FILTER (NOT is_known) AS visits_without_bill,
    coalesce(sum(sales_minor) FILTER (is_known), 0)::BIGINT AS sales_minor,
    coalesce(sum(goods_minor) FILTER (is_known), 0)::BIGINT AS goods_minor,
    coalesce(sum(points_minor) FILTER (is_known), 0)::BIGINT AS points_minor,
    coalesce(sum(refunded_minor) FILTER (is_known), 0)::BIGINT AS refunded_minor
FROM asked_visits
GROUP BY key, currency
ORDER BY key, currency

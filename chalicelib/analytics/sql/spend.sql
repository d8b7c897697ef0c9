-- What was paid for the counted lines, refunds taken off, in each currency, and what was taken off list prices. A
-- visit of which somebody has not told yet what was paid is counted apart; so is a line without a list price or
-- without a price. $counts_clients: whether the number of clients is asked for, which takes most of the time.
counted_visits AS (
    SELECT
        key, currency, client, salon, visit_on,
        bool_and(paid_minor IS NOT NULL) AS is_known,
        sum(paid_minor - refunded_minor) AS sales_minor,
        sum(goods_minor) AS goods_minor,
        sum(points_minor) AS points_minor,
        sum(refunded_minor) AS refunded_minor,
        count(*) FILTER (list_minor IS NULL OR price_minor IS NULL) AS unpriced_lines,
        bool_or(price_minor < list_minor) AS is_discounted,
        sum(list_minor) FILTER (price_minor IS NOT NULL) AS list_minor,
        sum(greatest(list_minor - price_minor, 0))
            FILTER (list_minor IS NOT NULL AND price_minor IS NOT NULL) AS under_list_minor
    FROM counted_lines
    GROUP BY key, currency, client, salon, visit_on
)
SELECT
    key, currency,
    count(*) FILTER (is_known) AS visits,
    count(DISTINCT CASE WHEN $counts_clients THEN client END) FILTER (is_known) AS clients,
    count(*) FILTER (NOT is_known) AS visits_without_bill,
    coalesce(sum(sales_minor) FILTER (is_known), 0)::BIGINT AS sales_minor,
    coalesce(sum(goods_minor) FILTER (is_known), 0)::BIGINT AS goods_minor,
    coalesce(sum(points_minor) FILTER (is_known), 0)::BIGINT AS points_minor,
    coalesce(sum(refunded_minor) FILTER (is_known), 0)::BIGINT AS refunded_minor,
    count(list_minor) AS priced_visits,
    count(*) FILTER (is_discounted) AS discounted_visits,
    sum(unpriced_lines)::BIGINT AS unpriced_lines,
    coalesce(sum(list_minor), 0)::BIGINT AS list_minor,
    coalesce(sum(under_list_minor), 0)::BIGINT AS under_list_minor
FROM counted_visits
GROUP BY key, currency
ORDER BY key, currency

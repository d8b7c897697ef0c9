-- The base of the period and of the former period, and who of each returned. The former period lies between
-- $former_first and $base_last; the base of each lies as long before it.
base AS (
    SELECT
        client,
        bool_or(visit_on >= $former_first) AS is_base,
        bool_or(visit_on < $former_first) AS is_former_base
    FROM lines
    WHERE visit_on BETWEEN $former_base_first AND $base_last
    GROUP BY client
),
returns AS (
    SELECT
        client,
        bool_or(visit_on > $base_last) AS returned,
        bool_or(visit_on <= $base_last) AS returned_formerly
    FROM visits
    WHERE client IS NOT NULL AND visit_on BETWEEN $former_first AND $last
    GROUP BY client
)
SELECT
    count(*) FILTER (is_base AND returned) AS kept,
    count(*) FILTER (is_base) AS clients,
    count(*) FILTER (is_former_base AND returned_formerly) AS former_kept,
    count(*) FILTER (is_former_base) AS former_clients
FROM base LEFT JOIN returns USING (client)

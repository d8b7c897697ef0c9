-- How many clients have a visit in the period of which is known what was paid, in whatever currency.
asked_visits AS (
    SELECT client FROM lines
    WHERE visit_on BETWEEN $first AND $last
    GROUP BY client, currency, salon, visit_on
    HAVING bool_and(paid_minor IS NOT NULL)
)
SELECT count(DISTINCT client) FROM asked_visits

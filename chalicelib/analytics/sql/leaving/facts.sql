-- What the client stated since the last visit, and what the visits before and today's set-up tell: a row for
-- each client and thing that can be told of them.
past_lines AS MATERIALIZED (
    SELECT d.ago, v.* FROM dates AS d JOIN visits AS v ON v.client = d.client AND v.visit_on = d.visit_on
    WHERE d.client IN (SELECT client FROM lost)
),
gaps AS (
    SELECT
        client,
        max(visit_on) FILTER (ago = 1) - max(visit_on) FILTER (ago = 2) AS last_gap,
        max(visit_on) FILTER (ago = 2) - min(visit_on) FILTER (ago BETWEEN 3 AND 5) AS days_before,
        count(*) FILTER (ago BETWEEN 3 AND 5) AS gaps_before
    FROM dates
    GROUP BY client
),
branches AS (
    SELECT
        client,
        list(DISTINCT salon) FILTER (ago = 1) AS last_salons,
        list(DISTINCT salon) FILTER (ago IN (2, 3)) AS salons_before,
        max(ago) AS visits
    FROM past_lines WHERE ago <= 3
    GROUP BY client
),
prices AS (
    SELECT
        client, ago, max(price_minor) AS price,
        lead(max(price_minor)) OVER (PARTITION BY client, service, currency ORDER BY ago) AS former_price
    FROM past_lines
    WHERE service IS NOT NULL AND price_minor > 0
    GROUP BY client, service, currency, ago
),
own_specialists AS (
    SELECT client, max({'visits': visits, 'last_on': last_on, 'staff': staff}).staff AS staff
    FROM (
        SELECT client, staff, count(*) AS visits, max(visit_on) AS last_on
        FROM (SELECT DISTINCT client, staff, visit_on FROM past_lines WHERE staff IS NOT NULL)
        GROUP BY client, staff
    )
    GROUP BY client
),
specialist_places AS (
    SELECT s.client, count(p.staff) > 0 AS is_there
    FROM own_specialists AS s
    JOIN branches AS b USING (client)
    LEFT JOIN staff_places AS p ON p.staff = s.staff AND list_contains(b.last_salons, p.salon)
    GROUP BY s.client
),
last_ratings AS (
    SELECT client, arg_min(stars, ago) AS stars
    FROM (SELECT client, ago, min(rating) AS stars FROM past_lines WHERE rating IS NOT NULL GROUP BY client, ago)
    GROUP BY client
),
complaining AS (
    SELECT DISTINCT coalesce(m.target, c.client) AS client
    FROM complaints AS c LEFT JOIN merges AS m ON m.source = c.client
),
stated AS (
    SELECT d.client, CASE WHEN k.reason_on >= d.visit_on THEN k.reason END AS reason
    FROM dates AS d LEFT JOIN known_clients AS k USING (client)
    WHERE d.ago = 1
),
told AS MATERIALIZED (
    SELECT client, 'stated:' || coalesce(reason, 'none') AS reason, true AS holds FROM stated
    UNION ALL
    SELECT client, 'fact:gap_grew', last_gap * gaps_before * 100 >= days_before * $gap_grew_percent
    FROM gaps WHERE gaps_before > 0
    UNION ALL
    SELECT client, 'fact:moved_branch', NOT list_has_any(last_salons, salons_before)
    FROM branches WHERE visits >= 3
    UNION ALL
    SELECT client, 'fact:price_rose', bool_or(price * 100 >= former_price * $price_rose_percent)
    FROM prices WHERE ago = 1 AND former_price IS NOT NULL
    GROUP BY client
    UNION ALL
    SELECT client, 'fact:specialist_left', NOT is_there FROM specialist_places
    UNION ALL
    SELECT client, 'fact:rating_low', stars <= $low_rating_stars FROM last_ratings
    UNION ALL
    SELECT client, 'fact:complaint_open', client IN (SELECT client FROM complaining)
    FROM dates WHERE ago = 1
)

-- The clients. visits_N: until N years ago; last_N: the last of them. lasts: the last
-- four, the newest first. bills, billed: number and sum of the bills above 0 after the first visit, whose price
-- is often a welcome.
SELECT
    client,
    min(day) AS first_on,
    count(*) AS visits_0,
    count(*) FILTER (day <= $today - $ahead) AS visits_1,
    count(*) FILTER (day <= $today - 2 * $ahead) AS visits_2,
    max(day) AS last_0,
    max(day) FILTER (day <= $today - $ahead) AS last_1,
    max(day, 4) AS lasts,
    sum(bill)::BIGINT AS realised,
    count(*) FILTER (is_unknown) AS unknown,
    count(*) FILTER (bill > 0) - (arg_min(bill, day) > 0)::INTEGER AS bills,
    (coalesce(sum(bill) FILTER (bill > 0), 0) - greatest(arg_min(bill, day), 0))::BIGINT AS billed
FROM value_days
GROUP BY client

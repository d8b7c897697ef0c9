-- The figures of each kind. Messages: those that were due to the clients of the base on the day of their touch or
-- within the days after it. Clients whose days are not over count in `maturing` alone.
sent AS (
    SELECT
        o.kind, o.client, sum(m.cost_micros)::BIGINT AS cost_micros,
        count(*) FILTER (m.state NOT IN ('skipped', 'failed')) AS messages
    FROM outcomes AS o
    JOIN marketing AS m ON m.kind = o.kind AND m.client = o.client
        AND m.touch_on BETWEEN o.touch_on AND o.window_last
    WHERE NOT o.held_out AND o.window_last < $today
    GROUP BY o.kind, o.client
)
SELECT
    kind,
    count(*) FILTER (NOT held_out AND window_last < $today) AS due,
    count(*) FILTER (NOT held_out AND window_last < $today AND returned) AS due_returned,
    count(*) FILTER (held_out AND window_last < $today) AS held_out,
    count(*) FILTER (held_out AND window_last < $today AND returned) AS held_out_returned,
    count(*) FILTER (window_last >= $today) AS maturing,
    count(*) FILTER (messages > 0) AS reached,
    coalesce(sum(messages), 0)::BIGINT AS messages,
    coalesce(sum(cost_micros), 0)::BIGINT AS cost_micros
FROM outcomes LEFT JOIN sent USING (kind, client)
GROUP BY kind

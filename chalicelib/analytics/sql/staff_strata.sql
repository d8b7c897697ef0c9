-- The clients of each specialist by stratum: the category of the first visit to the specialist in the base, and
-- whether this was the client's first visit ever. Maturing clients are left out.
first_lines AS (
    SELECT
        key, client,
        min({
            'at': visit_at, 'booking': booking, 'line': line, 'category': category, 'new': visit_on = first_on
        }) AS line
    FROM base_lines
    WHERE key <> ''
    GROUP BY key, client
)
SELECT
    key, f.line.category AS category, f.line.new AS new,
    count(*) AS clients, count(*) FILTER (returned) AS returned
FROM outcomes JOIN first_lines AS f USING (key, client)
WHERE returned OR window_last < $today
GROUP BY ALL
ORDER BY ALL

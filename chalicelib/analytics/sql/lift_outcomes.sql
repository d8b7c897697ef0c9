-- Of each kind of marketing the clients for whom a touch was due in the period, each once by the first one: its
-- day, the group in which the hold-out put the client then, and whether they came within the days after it.
-- $not_due: reasons of skips before which the hold-out was not decided on. While the network was in trial, nobody
-- got anything, so that nobody was held out either.
trial AS (
    SELECT min(touch_at) AS first_at, max(touch_at) AS last_at FROM touches WHERE reason = 'trial'
),
marketing AS (
    SELECT touches.* FROM touches CROSS JOIN trial
    WHERE list_contains($kinds::VARCHAR[], kind)
        AND touch_at::DATE <= touch_on + $most_put_off
        AND ($salon_ids::VARCHAR[] IS NULL OR list_contains($salon_ids::VARCHAR[], salon))
        AND NOT (state = 'skipped' AND list_contains($not_due::VARCHAR[], coalesce(reason, '')))
        AND NOT coalesce(touch_at BETWEEN trial.first_at AND trial.last_at, false)
),
first_touches AS (
    SELECT
        kind, client,
        min({'on': touch_on, 'at': touch_at, 'message': message, 'salon': salon,
             'held_out': state = 'skipped' AND reason IS NOT DISTINCT FROM 'held_out'}) AS touch
    FROM marketing
    WHERE touch_on BETWEEN $first AND $last
    GROUP BY kind, client
),
base AS (
    SELECT
        kind, client, touch.on AS touch_on, touch.salon AS salon, touch.held_out AS held_out,
        touch.on + $within AS window_last
    FROM first_touches
),
returns AS (
    SELECT DISTINCT b.kind, b.client
    FROM base AS b
    JOIN visits AS v ON v.client = b.client AND v.visit_on > b.touch_on AND v.visit_on <= b.window_last
    WHERE v.visit_on BETWEEN $first AND $last + $within
),
outcomes AS (
    SELECT b.*, r.client IS NOT NULL AS returned
    FROM base AS b LEFT JOIN returns AS r USING (kind, client)
)

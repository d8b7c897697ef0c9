-- The friends: clients of the base whom another client recommended, by the latest visit that tells by whom.
said_by AS (
    SELECT client, max({'at': visit_at, 'booking': booking, 'referrer': referrer}).referrer AS referrer
    FROM visits
    WHERE referrer IS NOT NULL AND referrer <> client
    GROUP BY client
)
SELECT s.referrer, o.client, o.returned, o.window_last
FROM outcomes AS o JOIN said_by AS s USING (client)

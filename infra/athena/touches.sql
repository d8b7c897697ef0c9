-- The view `touches` for Athena: of each salon and month the newest part counts. An older part stays for a while,
-- for reports that began before. Run once in the stack's database (output FactsDatabaseName).
-- A query names its network and its salons: WHERE network = 'net_...' AND salon IN ('sal_...', ...).
CREATE OR REPLACE VIEW touches AS
SELECT network, salon, month, message, client, kind, channel, state, reason, touch_on, touch_at, cost_micros, booking,
    campaign, parts, charged
FROM (
    SELECT *, "$path" AS part, max("$path") OVER (PARTITION BY network, salon, month) AS newest_part
    FROM touch_parts
)
WHERE part = newest_part

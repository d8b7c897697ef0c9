-- The view `attendances` for Athena: of each salon and month the newest part counts. An older part stays for a while,
-- for reports that began before. Run once in the stack's database (output FactsDatabaseName), before visits.sql.
-- A query names its network and its salons: WHERE network = 'net_...' AND salon IN ('sal_...', ...).
CREATE OR REPLACE VIEW attendances AS
SELECT network, salon, month, booking, line, client, visit_on, visit_at, service, staff, currency, list_minor,
    price_minor, paid_minor, goods_minor, points_minor, refunded_minor, source, booked_on, referrer,
    coalesce(attendance, 'completed') AS attendance, rating
FROM (
    SELECT *, "$path" AS part, max("$path") OVER (PARTITION BY network, salon, month) AS newest_part
    FROM visit_parts
)
WHERE part = newest_part

-- The view `visits` for Athena: the completed lines of `attendances` (attendances.sql, which is run first).
-- A query names its network and its salons: WHERE network = 'net_...' AND salon IN ('sal_...', ...).
CREATE OR REPLACE VIEW visits AS
SELECT * FROM attendances WHERE attendance = 'completed'

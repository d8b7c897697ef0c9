-- The currency of most lines in the salons that are asked about.
SELECT currency FROM visits
WHERE client IS NOT NULL AND ($salon_ids::VARCHAR[] IS NULL OR list_contains($salon_ids::VARCHAR[], salon))
GROUP BY currency
ORDER BY count(*) DESC, currency
LIMIT 1

SELECT
    CASE $by WHEN 'month' THEN year(first_on) * 12 + month(first_on) - 1 END AS cohort,
    CASE $by WHEN 'source' THEN shown.source END AS source_key,
    count(*) AS clients,
    sum(unknown)::BIGINT AS visits_without_bill,
    sum(realised)::BIGINT AS realised_minor,
    sum(visits) AS expected_visits,
    sum(expected)::BIGINT AS expected_minor
FROM shown
GROUP BY cohort, source_key
ORDER BY cohort, source_key

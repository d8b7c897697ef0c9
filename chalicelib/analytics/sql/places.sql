-- All visits of known clients, with what makes a return: any visit, its salon, or its specialist.
places AS (
    SELECT
        client, visit_on,
        CASE $returned_to WHEN 'salon' THEN salon WHEN 'staff' THEN staff ELSE '' END AS place
    FROM visits
    WHERE client IS NOT NULL
)

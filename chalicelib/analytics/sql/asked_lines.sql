-- The lines that a question is about: of known clients, by its filters, each under the key of its row.
-- place: what a return is compared by. A line without a specialist is no base of a return to one.
-- $needs_firsts: whether the question is about first visits or sources; otherwise nothing is looked up.
-- $needs_sources: whether it is about sources.
said AS (
    SELECT
        client,
        min(visit_on) AS first_on,
        min(CASE WHEN $needs_sources AND source IS NOT NULL THEN {'at': visit_at, 'source': source} END).source
            AS word
    FROM visits
    WHERE client IS NOT NULL AND $needs_firsts
    GROUP BY client
),
firsts AS (
    SELECT client, first_on, coalesce(w.source, s.word) AS source
    FROM said AS s
    LEFT JOIN words AS w USING (word)
),
lines AS NOT MATERIALIZED (
    SELECT
        CASE $by
            WHEN 'salon' THEN v.salon
            WHEN 'staff' THEN coalesce(v.staff, '')
            WHEN 'service' THEN coalesce(v.service, '')
            WHEN 'category' THEN coalesce(s.category, '')
            WHEN 'source' THEN coalesce(f.source, '')
            ELSE ''
        END AS key,
        CASE $returned_to WHEN 'salon' THEN v.salon WHEN 'staff' THEN v.staff ELSE '' END AS place,
        f.first_on,
        s.category,
        v.*
    FROM visits AS v
    LEFT JOIN firsts AS f USING (client)
    LEFT JOIN services AS s USING (service)
    WHERE v.client IS NOT NULL
        AND ($salon_ids::VARCHAR[] IS NULL OR list_contains($salon_ids::VARCHAR[], v.salon))
        AND ($staff_id::VARCHAR IS NULL OR coalesce(v.staff, '') = $staff_id)
        AND ($service_id::VARCHAR IS NULL OR coalesce(v.service, '') = $service_id)
        AND ($service_category::VARCHAR IS NULL OR coalesce(s.category, '') = $service_category)
        AND ($source::VARCHAR IS NULL OR coalesce(f.source, '') = $source)
        AND ($returned_to::VARCHAR IS DISTINCT FROM 'staff' OR v.staff IS NOT NULL)
)

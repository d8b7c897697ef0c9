-- A page of clients whose ids are known, and all their asked lines.
listed AS (SELECT unnest($clients::VARCHAR[]) AS client),
base_lines AS (FROM lines)

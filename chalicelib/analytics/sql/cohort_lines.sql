-- The lines of the clients of the base, until now.
counted_lines AS (SELECT l.* FROM lines AS l SEMI JOIN base AS b USING (client))

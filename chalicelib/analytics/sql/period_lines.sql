-- The lines of the period.
counted_lines AS (SELECT * FROM lines WHERE visit_on BETWEEN $first AND $last)

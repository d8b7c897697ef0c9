-- The clients of all rows, and what became of them.
SELECT
    count(DISTINCT client),
    count(DISTINCT client) FILTER (client IN (SELECT client FROM returned)),
    count(DISTINCT client) FILTER (client IN (SELECT client FROM told WHERE holds AND reason <> 'stated:none'))
FROM lost

-- The clients with what they are expected to pay; NULL: not foretold.
SELECT
    client, source, first_on, realised, unknown, visits,
    round_even(
        visits * ($scale::DOUBLE + billed) * $p::DOUBLE / ($p::DOUBLE * bills + $q::DOUBLE - 1), 0
    )::BIGINT AS expected
FROM value_clients
LEFT JOIN value_sources USING (client)
LEFT JOIN value_foretold USING (client)

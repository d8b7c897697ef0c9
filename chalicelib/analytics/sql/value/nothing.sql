-- No visits are foretold.
SELECT NULL::VARCHAR AS client, NULL::DOUBLE AS visits WHERE false
